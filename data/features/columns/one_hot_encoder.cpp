#include "data/features/columns/one_hot_encoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "data/features/columns/column_tools.hpp"

namespace lockstep::data {
namespace {

constexpr double kMostCategories = 2147483647;

bool is_category(double value) {
  return value >= 0 && value < kMostCategories && value == std::trunc(value);
}

/// How many categories a column says it has.
std::optional<std::size_t> known_categories(const ColumnType& type) {
  const Feature* feature = feature_of(type);
  if (feature != nullptr && feature->kind == Feature::Kind::Nominal && feature->arity != 0)
    return feature->arity;
  const bool binary = feature != nullptr && feature->kind == Feature::Kind::Binary;
  if (binary || type.format == ColumnType::Format::Boolean) return 2;
  return std::nullopt;
}

/// The largest category of each column, -1 without rows.
struct LargestCategories {
  std::vector<ColumnPair> columns;

  struct Partial {
    std::vector<double> largest;
    static constexpr auto kFields = std::make_tuple(&Partial::largest);
  };

  Partial map(const Partition& partition) const {
    Partial partial{std::vector<double>(columns.size(), -1)};
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto& values = partition.get<Numbers>(columns[i].input).values;
      for (std::size_t row = 0; row < values.size(); ++row) {
        if (!is_category(values[row])) {
          throw_bad_number(partition, row, values[row], columns[i], "is not a category (0, 1, ...)",
                           "number the categories with a string_indexer");
        }
        partial.largest[i] = std::max(partial.largest[i], values[row]);
      }
    }
    return partial;
  }
  Partial merge(Partial left, const Partial& right) const {
    for (std::size_t i = 0; i < left.largest.size(); ++i)
      left.largest[i] = std::max(left.largest[i], right.largest[i]);
    return left;
  }
  std::vector<double> finish(Partial total) const { return std::move(total.largest); }
};

}  // namespace

OneHotEncoder::OneHotEncoder(const proto::OneHotEncoder& config, std::string at)
    : config_(config), at_(std::move(at)), pairs_(column_pairs(config_, at_)) {
  if (config_.handle_invalid() == proto::SKIP) {
    throw ConfigError("SKIP is not for one_hot_encoder", {.field = at_ + ".handle_invalid"},
                      "write ERROR or KEEP");
  }
  if (is_fitted() && static_cast<std::size_t>(config_.category_sizes_size()) != pairs_.size()) {
    throw ConfigError(
        fmt::format("{} columns, but a model of {}", pairs_.size(), config_.category_sizes_size()),
        {.field = at_ + ".category_sizes"}, "leave it out to fit it anew");
  }
}

std::vector<std::string> OneHotEncoder::input_columns() const {
  std::vector<std::string> names;
  for (const ColumnPair& pair : pairs_) names.push_back(pair.input);
  return names;
}

std::optional<std::size_t> OneHotEncoder::categories(std::size_t pair,
                                                     const ColumnType& type) const {
  if (is_fitted()) return config_.category_sizes(static_cast<int>(pair));
  return known_categories(type);
}

std::size_t OneHotEncoder::width(std::size_t categories) const {
  const std::size_t places = categories + (config_.handle_invalid() == proto::KEEP ? 1 : 0);
  return places - (config_.drop_last() && places != 0 ? 1 : 0);
}

ColumnType OneHotEncoder::output_type(std::size_t pair, const ColumnType& type) const {
  const auto size = categories(pair, type);
  if (!size) {
    ColumnType open = vector_type(std::size_t{0});
    open.open_width = true;
    return open;
  }
  const std::size_t places = width(*size);
  if (places > kMostNamedFeatures) return vector_type(places);
  const Feature* known = feature_of(type);
  const bool labelled = known != nullptr && known->labels.size() == *size;
  std::vector<Feature> features;
  for (std::size_t i = 0; i < places; ++i) {
    const std::string label = i == *size ? "invalidValues"
                              : labelled ? known->labels[i]
                                         : std::to_string(i);
    features.push_back({pairs_[pair].input + "_" + label, Feature::Kind::Binary, 0, {}});
  }
  return vector_type(std::move(features));
}

Schema OneHotEncoder::output_schema(const Schema& input) const {
  Schema output = input;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const ColumnType& type =
        input_column(input, pairs_[i].input, {ColumnType::Kind::Number}, pairs_[i].input_field);
    add_output(output, pairs_[i].output, output_type(i, type), pairs_[i].output_field);
  }
  return output;
}

void OneHotEncoder::fit(const TrainingRows& fitting) {
  if (is_fitted()) return;
  std::vector<std::size_t> sizes(pairs_.size()), unknown;
  LargestCategories job;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const auto known = known_categories(input_column(
        fitting.schema(), pairs_[i].input, {ColumnType::Kind::Number}, pairs_[i].input_field));
    sizes[i] = known.value_or(0);
    if (known) continue;
    unknown.push_back(i);
    job.columns.push_back(pairs_[i]);
  }
  if (!unknown.empty()) {
    const std::vector<double> largest = fitting.run(job);
    for (std::size_t i = 0; i < unknown.size(); ++i)
      sizes[unknown[i]] = static_cast<std::size_t>(largest[i] + 1);
  }
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    if (sizes[i] == 0) {
      throw DataError(
          fmt::format("column '{}' has no categories: there are no rows", pairs_[i].input),
          {.field = pairs_[i].input_field}, "fit on rows");
    }
  }
  for (const std::size_t size : sizes) config_.add_category_sizes(size);
}

SparseVectors OneHotEncoder::encode(const Partition& partition, std::size_t pair) const {
  const std::size_t size = config_.category_sizes(static_cast<int>(pair)), places = width(size);
  SparseBuilder builder(places);
  const auto& values = partition.get<Numbers>(pairs_[pair].input).values;
  for (std::size_t row = 0; row < values.size(); ++row) {
    const double value = values[row];
    std::size_t place = size;
    if (is_category(value) && value < static_cast<double>(size)) {
      place = static_cast<std::size_t>(value);
    } else if (config_.handle_invalid() != proto::KEEP) {
      throw_bad_number(
          partition, row, value, pairs_[pair],
          fmt::format("is none of the categories 0..{} of the training rows", size - 1),
          "set handle_invalid: KEEP to give such values a place of their own");
    }
    if (place < places) builder.push(place, 1);
    builder.end_row();
  }
  return std::move(builder).finish();
}

Effect OneHotEncoder::transform(Partition& partition, Phase) const {
  for (std::size_t i = 0; i < pairs_.size(); ++i)
    partition.set(pairs_[i].output, encode(partition, i));
  return {};
}

proto::Stage OneHotEncoder::save() const {
  proto::Stage stage;
  *stage.mutable_one_hot_encoder() = config_;
  return stage;
}

}  // namespace lockstep::data
