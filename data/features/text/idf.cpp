#include "data/features/text/idf.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "core/math.hpp"

namespace lockstep::data {
namespace {

/// In how many rows each feature is above 0.
class CountRows {
 public:
  struct Partial {
    std::vector<std::uint64_t> rows_with;  // one a feature
    std::uint64_t rows = 0;
    static constexpr auto kFields = std::make_tuple(&Partial::rows_with, &Partial::rows);
  };

  CountRows(const proto::IDF& config, const std::string& at, std::size_t width)
      : config_(config), at_(at), width_(width) {}

  Partial map(const Partition& partition) const {
    const Column& column = partition.column(config_.input_col());
    Partial partial{std::vector<std::uint64_t>(std::max(width_, width_of(column))),
                    partition.rows()};
    for (std::size_t row = 0; row < partition.rows(); ++row) {
      for_each_entry(column, row, [&](std::size_t index, double value) {
        if (value > 0) ++partial.rows_with[index];
      });
    }
    return partial;
  }
  Partial merge(Partial left, const Partial& right) const {
    left.rows += right.rows;
    if (left.rows_with.size() < right.rows_with.size())
      left.rows_with.resize(right.rows_with.size());
    for (std::size_t j = 0; j < right.rows_with.size(); ++j)
      left.rows_with[j] += right.rows_with[j];
    return left;
  }
  proto::IDFModel finish(const Partial& total) const {
    if (total.rows == 0) {
      throw DataError("there are no rows to learn from", {.field = at_ + ".input_col"},
                      "look at the source and at the stages before this one");
    }
    proto::IDFModel model;
    model.set_num_docs(total.rows);
    for (const std::uint64_t rows : total.rows_with) {
      const bool counts = rows >= config_.min_doc_freq();
      model.add_doc_freq(counts ? rows : 0);
      model.add_idf(counts ? log_exact((static_cast<double>(total.rows) + 1) /
                                       (static_cast<double>(rows) + 1))
                           : 0);
    }
    return model;
  }

 private:
  const proto::IDF& config_;
  const std::string& at_;
  std::size_t width_;
};

}  // namespace

IDF::IDF(const proto::IDF& config, std::string at) : config_(config), at_(std::move(at)) {}

Schema IDF::output_schema(const Schema& input) const {
  ColumnType type =
      input_column(input, config_.input_col(), {ColumnType::Kind::Vector}, at_ + ".input_col");
  if (is_fitted()) {
    if (type.shape.size() != width() && !type.open_width) {
      throw ConfigError(fmt::format("the column '{}' has {} numbers, but {} were learnt",
                                    config_.input_col(), type.shape.size(), width()),
                        {.field = at_ + ".input_col"}, "make it as it was made for the training");
    }
    if (type.shape.size() != width()) type = vector_type(width());
    type.open_width = false;
  }
  Schema output = input;
  add_output(output, config_.output_col(), std::move(type), at_ + ".output_col");
  return output;
}

void IDF::fit(const TrainingRows& fitting) {
  const ColumnType& type = fitting.schema().at(config_.input_col(), at_ + ".input_col");
  *config_.mutable_model() = fitting.run(CountRows(config_, at_, type.shape.size()));
}

Effect IDF::transform(Partition& partition, Phase) const {
  const Column& input = partition.column(config_.input_col());
  Column output = std::holds_alternative<SparseVectors>(input)
                      ? Column(scaled(std::get<SparseVectors>(input), partition))
                      : Column(scaled(std::get<DenseVectors>(input), partition));
  partition.set(config_.output_col(), std::move(output));
  return {};
}

SparseVectors IDF::scaled(const SparseVectors& rows, const Partition& partition) const {
  std::vector<double> values(rows.values.size());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t i = rows.begin[row]; i < rows.begin[row + 1]; ++i) {
      if (rows.indices[i] >= width()) throw too_wide(partition, row, rows.indices[i]);
      values[i] = rows.values[i] * factor(rows.indices[i]);
    }
  }
  return {width(), rows.begin, rows.indices, std::move(values)};
}

DenseVectors IDF::scaled(const DenseVectors& rows, const Partition& partition) const {
  if (rows.width > width() && partition.rows() > 0) throw too_wide(partition, 0, rows.width - 1);
  std::vector<double> values(partition.rows() * width());
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    for (std::size_t j = 0; j < rows.width; ++j)
      values[row * width() + j] = rows.values[row * rows.width + j] * factor(j);
  }
  return {width(), std::move(values)};
}

DataError IDF::too_wide(const Partition& partition, std::size_t row, std::size_t index) const {
  return DataError(fmt::format("{} has the index {} (from 0), but {} features were learnt",
                               row_name(partition, row), index, width()),
                   {.field = at_ + ".input_col"},
                   "make the rows as they were made for the training");
}

proto::Stage IDF::save() const {
  proto::Stage stage;
  *stage.mutable_idf() = config_;
  return stage;
}

}  // namespace lockstep::data
