#include "data/features/columns/binarizer.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"
#include "data/features/columns/column_tools.hpp"
#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {
namespace {

const std::initializer_list<ColumnType::Kind> kKinds = {ColumnType::Kind::Number,
                                                        ColumnType::Kind::Vector};

std::vector<double> compare(std::span<const double> values, double threshold) {
  std::vector<double> bits(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) bits[i] = values[i] > threshold ? 1 : 0;
  return bits;
}

/// threshold >= 0: what is not stored stays 0.
SparseVectors compare(const SparseVectors& rows, double threshold) {
  SparseBuilder builder(rows.width);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t i = rows.begin[row]; i < rows.begin[row + 1]; ++i) {
      if (rows.values[i] > threshold) builder.push(rows.indices[i], 1);
    }
    builder.end_row();
  }
  return std::move(builder).finish();
}

/// threshold < 0: what is not stored becomes 1.
DenseVectors compare_all(const SparseVectors& rows, std::size_t width, double threshold) {
  std::vector<double> bits(rows.rows() * width, 1);
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t i = rows.begin[row]; i < rows.begin[row + 1]; ++i)
      bits[row * width + rows.indices[i]] = rows.values[i] > threshold ? 1 : 0;
  }
  return {width, std::move(bits)};
}

}  // namespace

Binarizer::Binarizer(const proto::Binarizer& config, std::string at)
    : config_(config), at_(std::move(at)), pairs_(column_pairs(config_, at_)) {
  thresholds_.assign(config_.thresholds().begin(), config_.thresholds().end());
  if (thresholds_.empty()) thresholds_.assign(pairs_.size(), config_.threshold());
  if (thresholds_.size() != pairs_.size()) {
    throw ConfigError(
        fmt::format("{} thresholds for {} columns", thresholds_.size(), pairs_.size()),
        {.field = at_ + ".thresholds"}, "give one a column");
  }
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    if (std::isnan(thresholds_[i]))
      throw ConfigError("a threshold is not a number", {.field = at_ + ".threshold"});
    any_negative_ = any_negative_ || is_negative(i);
  }
  if (config_.widths_size() != 0 &&
      static_cast<std::size_t>(config_.widths_size()) != pairs_.size()) {
    throw ConfigError(
        fmt::format("{} columns, but a model of {}", pairs_.size(), config_.widths_size()),
        {.field = at_ + ".widths"}, "leave it out to fit it anew");
  }
}

std::vector<std::string> Binarizer::input_columns() const {
  std::vector<std::string> names;
  for (const ColumnPair& pair : pairs_) names.push_back(pair.input);
  return names;
}

ColumnType Binarizer::output_type(std::size_t pair, const ColumnType& type) const {
  if (type.kind == ColumnType::Kind::Number) {
    ColumnType output{ColumnType::Kind::Number};
    output.features = std::make_shared<const std::vector<Feature>>(
        1, Feature{pairs_[pair].output, Feature::Kind::Binary, 0, {}});
    return output;
  }
  const bool settled = is_negative(pair) && config_.widths_size() != 0;
  ColumnType output =
      vector_type(settled ? config_.widths(static_cast<int>(pair)) : type.shape.size());
  output.open_width = type.open_width && !settled;
  if (settled) check_width(type, pairs_[pair].input, output.shape.size(), pairs_[pair].input_field);
  if (type.shape == output.shape && type.shape.size() <= kMostNamedFeatures && !output.open_width) {
    std::vector<Feature> features = features_of(pairs_[pair].input, type);
    for (Feature& feature : features) feature = {feature.name, Feature::Kind::Binary, 0, {}};
    output = vector_type(std::move(features));
  }
  return output;
}

Schema Binarizer::output_schema(const Schema& input) const {
  Schema output = input;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const ColumnType& type = input_column(input, pairs_[i].input, kKinds, pairs_[i].input_field);
    add_output(output, pairs_[i].output, output_type(i, type), pairs_[i].output_field);
  }
  return output;
}

void Binarizer::fit(const TrainingRows& fitting) {
  if (is_fitted()) return;
  for (const ColumnPair& pair : pairs_) {
    config_.add_widths(
        row_width(input_column(fitting.schema(), pair.input, kKinds, pair.input_field)));
  }
}

Column Binarizer::binarize(const Partition& partition, std::size_t pair) const {
  const Column& column = partition.column(pairs_[pair].input);
  const double threshold = thresholds_[pair];
  if (const auto* numbers = std::get_if<Numbers>(&column))
    return Numbers{compare(numbers->values, threshold)};
  if (const auto* dense = std::get_if<DenseVectors>(&column))
    return DenseVectors{dense->width, compare(dense->values, threshold)};
  const auto& sparse = std::get<SparseVectors>(column);
  if (!is_negative(pair)) return compare(sparse, threshold);
  const std::size_t width = config_.widths(static_cast<int>(pair));
  check_widths(partition, pairs_[pair].input, width, pairs_[pair].input_field);
  return compare_all(sparse, width, threshold);
}

Effect Binarizer::transform(Partition& partition, Phase) const {
  expects(is_fitted(), "a stage is fitted before it transforms");
  for (std::size_t i = 0; i < pairs_.size(); ++i)
    partition.set(pairs_[i].output, binarize(partition, i));
  return {};
}

proto::Stage Binarizer::save() const {
  proto::Stage stage;
  *stage.mutable_binarizer() = config_;
  return stage;
}

}  // namespace lockstep::data
