#include "data/features/columns/vector_indexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.hpp"
#include "data/features/columns/column_tools.hpp"
#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {
namespace {

/// The different values of a feature other than 0, as long as they are few.
struct FewValues {
  std::vector<double> values;  // ascending
  std::uint64_t others = 0;    // rows with a number other than 0 or NaN
  bool many = false;
  static constexpr auto kFields =
      std::make_tuple(&FewValues::values, &FewValues::others, &FewValues::many);

  void add(double value, std::size_t most) {
    if (many) return;
    const auto place = std::lower_bound(values.begin(), values.end(), value);
    if (place != values.end() && *place == value) return;
    values.insert(place, value);
    if (values.size() <= most) return;
    many = true;
    values = {};
  }
};

struct FindCategories {
  const ColumnPair& column;
  std::size_t width, most;

  struct Partial {
    std::uint64_t rows = 0;
    std::vector<FewValues> features;
    static constexpr auto kFields = std::make_tuple(&Partial::rows, &Partial::features);
  };

  Partial map(const Partition& partition) const {
    check_widths(partition, column.input, width, column.input_field);
    Partial partial{partition.rows(), std::vector<FewValues>(width)};
    const Column& rows = partition.column(column.input);
    for (std::size_t row = 0; row < partition.rows(); ++row) {
      for_each_entry(rows, row, [&](std::size_t feature, double value) {
        if (value == 0) return;
        ++partial.features[feature].others;
        if (!std::isnan(value)) partial.features[feature].add(value, most);
      });
    }
    return partial;
  }
  Partial merge(Partial left, const Partial& right) const {
    left.rows += right.rows;
    for (std::size_t f = 0; f < width; ++f) {
      FewValues& into = left.features[f];
      const FewValues& from = right.features[f];
      into.others += from.others;
      if (from.many) into = {{}, into.others, true};
      for (const double value : from.values) into.add(value, most);
    }
    return left;
  }
  proto::VectorIndexerModel finish(const Partial& total) const {
    proto::VectorIndexerModel model;
    model.set_num_features(static_cast<std::uint32_t>(width));
    for (std::size_t f = 0; f < width; ++f) {
      const FewValues& feature = total.features[f];
      const bool zero = feature.others < total.rows;
      const std::size_t count = feature.values.size() + (zero ? 1 : 0);
      if (feature.many || count == 0 || count > most) continue;
      auto& categories = *model.add_categories();
      categories.set_feature(static_cast<std::uint32_t>(f));
      if (zero) categories.add_value(0);
      for (const double value : feature.values) categories.add_value(value);
    }
    return model;
  }
};

}  // namespace

struct VectorIndexer::Pass {
  const Partition& partition;
  std::vector<bool> keep;
};

VectorIndexer::VectorIndexer(const proto::VectorIndexer& config, std::string at)
    : config_(config), at_(std::move(at)) {
  if (config_.input_col().empty())
    throw ConfigError("input_col is missing", {.field = at_}, "name a column");
  if (is_fitted()) read_model();
}

void VectorIndexer::read_model() {
  const auto& model = config_.model();
  width_ = model.num_features();
  place_.assign(width_, 0);
  for (const auto& from : model.categories()) {
    if (from.feature() >= width_) {
      throw ConfigError(fmt::format("feature {} of {}", from.feature(), width_),
                        {.field = at_ + ".model"}, "leave the model out to fit it anew");
    }
    std::vector<std::pair<double, double>> sorted;
    for (const double value : from.value())
      sorted.emplace_back(value, static_cast<double>(sorted.size()));
    std::sort(sorted.begin(), sorted.end());
    Categories categories;
    for (const auto& [value, index] : sorted) {
      categories.values.push_back(value);
      categories.indexes.push_back(index);
    }
    if (!categories.find(0)) without_zero_.push_back(from.feature());
    categories_.push_back(std::move(categories));
    place_[from.feature()] = static_cast<std::uint32_t>(categories_.size());
  }
}

ColumnPair VectorIndexer::pair() const {
  return {config_.input_col(), config_.output_col(), at_ + ".input_col", at_ + ".output_col"};
}

std::optional<double> VectorIndexer::Categories::find(double value) const {
  const auto place = std::lower_bound(values.begin(), values.end(), value);
  if (place == values.end() || *place != value) return std::nullopt;
  return indexes[static_cast<std::size_t>(place - values.begin())];
}

Schema VectorIndexer::output_schema(const Schema& input) const {
  const ColumnType& from =
      input_column(input, config_.input_col(), {ColumnType::Kind::Vector}, at_ + ".input_col");
  ColumnType type = vector_type(from.shape.size());
  type.open_width = from.open_width;
  if (is_fitted()) {
    check_width(from, config_.input_col(), width_, at_ + ".input_col");
    std::vector<Feature> features = features_of(config_.input_col(), from);
    for (std::size_t f = features.size(); f < width_; ++f)
      features.push_back({fmt::format("{}_{}", config_.input_col(), f), {}, 0, {}});
    features.resize(width_);
    for (const auto& categories : config_.model().categories()) {
      Feature& feature = features[categories.feature()];
      feature = {feature.name, Feature::Kind::Nominal, 0, {}};
      for (const double value : categories.value())
        feature.labels.push_back(to_string(value, ColumnType::Format::Double));
      if (config_.handle_invalid() == proto::KEEP) feature.labels.emplace_back("__unknown");
      feature.arity = feature.labels.size();
    }
    type = vector_type(std::move(features));
  }
  Schema output = input;
  add_output(output, config_.output_col(), std::move(type), at_ + ".output_col");
  return output;
}

void VectorIndexer::fit(const TrainingRows& fitting) {
  if (is_fitted()) return;
  const ColumnPair columns = pair();
  const ColumnType& type = input_column(fitting.schema(), columns.input, {ColumnType::Kind::Vector},
                                        columns.input_field);
  *config_.mutable_model() =
      fitting.run(FindCategories{columns, type.shape.size(), config_.max_categories()});
  read_model();
}

double VectorIndexer::index(Pass& pass, std::size_t row, std::size_t feature, double value) const {
  const Categories* known = categories(feature);
  if (known == nullptr) return value;
  if (const auto index = known->find(value)) return *index;
  if (config_.handle_invalid() == proto::ERROR) {
    throw_bad_number(pass.partition, row, value, pair(),
                     fmt::format("(feature {}) was not seen in training", feature),
                     "set handle_invalid: SKIP to drop such rows, or KEEP to give such values an "
                     "index of their own");
  }
  if (config_.handle_invalid() == proto::SKIP) pass.keep[row] = false;
  return static_cast<double>(known->values.size());
}

Column VectorIndexer::encode(Pass& pass, const SparseVectors& rows) const {
  SparseBuilder builder(width_);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const auto push = [&](std::size_t feature, double value) {
      const double number = index(pass, row, feature, value);
      if (number != 0) builder.push(feature, number);
    };
    auto lacking = without_zero_.begin();  // their absent entries are zeros that were not seen
    for (std::size_t i = rows.begin[row]; i < rows.begin[row + 1]; ++i) {
      const std::size_t feature = rows.indices[i];
      for (; lacking != without_zero_.end() && *lacking < feature; ++lacking) push(*lacking, 0);
      if (lacking != without_zero_.end() && *lacking == feature) ++lacking;
      push(feature, rows.values[i]);
    }
    for (; lacking != without_zero_.end(); ++lacking) push(*lacking, 0);
    builder.end_row();
  }
  return std::move(builder).finish();
}

Column VectorIndexer::encode(Pass& pass, const DenseVectors& rows) const {
  std::vector<double> numbers(rows.values.size());
  for (std::size_t row = 0; row < pass.partition.rows(); ++row) {
    for (std::size_t f = 0; f < width_; ++f)
      numbers[row * width_ + f] = index(pass, row, f, rows.values[row * width_ + f]);
  }
  return DenseVectors{width_, std::move(numbers)};
}

Effect VectorIndexer::transform(Partition& partition, Phase) const {
  expects(is_fitted(), "a stage is fitted before it transforms");
  check_widths(partition, config_.input_col(), width_, at_ + ".input_col");
  Pass pass{partition, std::vector<bool>(partition.rows(), true)};
  const Column& rows = partition.column(config_.input_col());
  const auto* sparse = std::get_if<SparseVectors>(&rows);
  Column numbers =
      sparse != nullptr ? encode(pass, *sparse) : encode(pass, std::get<DenseVectors>(rows));
  partition.set(config_.output_col(), std::move(numbers));
  return dropped_if_any(keep_rows(partition, pass.keep));
}

proto::Stage VectorIndexer::save() const {
  proto::Stage stage;
  *stage.mutable_vector_indexer() = config_;
  return stage;
}

}  // namespace lockstep::data
