#include "data/features/columns/feature_hasher.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "data/features/text/murmur_hash.hpp"

namespace lockstep::data {
namespace {

using Model = proto::FeatureHasherModel;

Model::Format format_of(const ColumnType& type) {
  if (type.kind == ColumnType::Kind::String) return Model::TEXT;
  switch (type.format) {
    case ColumnType::Format::Integer:
      return Model::INTEGER;
    case ColumnType::Format::Boolean:
      return Model::BOOLEAN;
    case ColumnType::Format::Double:
    case ColumnType::Format::Float:
      break;
  }
  return Model::DOUBLE;
}

ColumnType::Format number_format(Model::Format format) {
  return format == Model::INTEGER   ? ColumnType::Format::Integer
         : format == Model::BOOLEAN ? ColumnType::Format::Boolean
                                    : ColumnType::Format::Double;
}

}  // namespace

FeatureHasher::FeatureHasher(const proto::FeatureHasher& config, std::string at)
    : config_(config), at_(std::move(at)) {
  if (config_.num_features() == 0)
    throw ConfigError("there must be at least one feature", {.field = at_ + ".num_features"});
  if (config_.input_cols_size() == 0)
    throw ConfigError("no input column is given", {.field = at_ + ".input_cols"}, "list columns");
  const auto& inputs = config_.input_cols();
  for (const std::string& column : config_.categorical_cols()) {
    if (std::find(inputs.begin(), inputs.end(), column) == inputs.end()) {
      throw ConfigError(fmt::format("'{}' is not one of the input columns", column),
                        {.field = at_ + ".categorical_cols"}, "list it in input_cols as well");
    }
  }
  if (is_fitted() && config_.model().formats_size() != config_.input_cols_size())
    throw ConfigError("the model is not one of these columns", {.field = at_ + ".model"});
}

std::vector<std::string> FeatureHasher::input_columns() const {
  return {config_.input_cols().begin(), config_.input_cols().end()};
}

Schema FeatureHasher::output_schema(const Schema& input) const {
  for (int i = 0; i < config_.input_cols_size(); ++i) {
    const std::string field = fmt::format("{}.input_cols[{}]", at_, i);
    const ColumnType& type = input_column(
        input, config_.input_cols(i), {ColumnType::Kind::Number, ColumnType::Kind::String}, field);
    if (!is_fitted()) continue;
    const bool was_text = config_.model().formats(i) == Model::TEXT;
    if (was_text != (type.kind == ColumnType::Kind::String)) {
      throw ConfigError(
          fmt::format("the column '{}' is of type {}, but was a {} column in training",
                      config_.input_cols(i), to_string(type), was_text ? "string" : "number"),
          {.field = field}, "read it as it was read for the training");
    }
  }
  Schema output = input;
  add_output(output, config_.output_col(), vector_type(std::size_t{config_.num_features()}),
             at_ + ".output_col");
  return output;
}

void FeatureHasher::fit(const TrainingRows& fitting) {
  config_.clear_model();
  for (const std::string& column : config_.input_cols()) {
    config_.mutable_model()->add_formats(
        format_of(fitting.schema().at(column, at_ + ".input_cols")));
  }
}

bool FeatureHasher::is_categorical(const std::string& column) const {
  const auto& columns = config_.categorical_cols();
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

FeatureHasher::Entry FeatureHasher::hashed(const std::string& column,
                                           std::string_view value) const {
  return {hash_index(std::string(column).append("=").append(value), config_.num_features()), 1.0};
}

/// Appends what a column of the partition adds, row by row.
void FeatureHasher::add_entries(const Partition& partition, int column,
                                std::vector<std::vector<Entry>>& rows) const {
  const std::string& name = config_.input_cols(column);
  if (const auto* texts = std::get_if<Strings>(&partition.column(name))) {
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (const auto text = texts->at(row)) rows[row].push_back(hashed(name, *text));
    }
    return;
  }
  const auto format = number_format(config_.model().formats(column));
  const bool category = format == ColumnType::Format::Boolean || is_categorical(name);
  const std::uint32_t index = hash_index(name, config_.num_features());
  const auto& values = partition.get<Numbers>(name).values;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (is_missing(values[row])) continue;
    rows[row].push_back(category ? hashed(name, to_string(values[row], format))
                                 : Entry{index, values[row]});
  }
}

Effect FeatureHasher::transform(Partition& partition, Phase) const {
  std::vector<std::vector<Entry>> rows(partition.rows());
  for (int i = 0; i < config_.input_cols_size(); ++i) add_entries(partition, i, rows);
  SparseBuilder vectors(config_.num_features());
  for (auto& entries : rows) {
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return a.index < b.index; });
    for (auto entry = entries.begin(); entry != entries.end();) {
      const std::uint32_t index = entry->index;
      double sum = 0;
      for (; entry != entries.end() && entry->index == index; ++entry) sum += entry->value;
      vectors.push(index, sum);
    }
    vectors.end_row();
  }
  partition.set(config_.output_col(), std::move(vectors).finish());
  return {};
}

proto::Stage FeatureHasher::save() const {
  proto::Stage stage;
  *stage.mutable_feature_hasher() = config_;
  return stage;
}

}  // namespace lockstep::data
