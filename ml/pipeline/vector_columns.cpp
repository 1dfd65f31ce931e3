#include "ml/pipeline/vector_columns.hpp"

#include <fmt/format.h>

#include "core/config.hpp"
#include "core/error.hpp"
#include "data/stage.hpp"

namespace lockstep::ml {

std::vector<std::string> VectorColumns::names() const {
  std::vector<std::string> all{features};
  for (const auto& name : {label, weight})
    if (!name.empty()) all.push_back(name);
  return all;
}

std::size_t VectorColumns::width(const data::Schema& schema, const std::string& at,
                                 bool predicting) const {
  using Kind = data::ColumnType::Kind;
  const auto& type = data::input_column(schema, features, {Kind::Vector}, child(at, "input_col"));
  const auto number = [&](const std::string& name, const char* field) {
    if (!name.empty() && (!predicting || schema.has(name)))
      data::input_column(schema, name, {Kind::Number}, child(at, field));
  };
  number(label, "label_col");
  number(weight, "weight_col");
  return type.open_width ? 0 : type.shape.size();
}

void VectorColumns::require_width(const data::Schema& schema, const std::string& at,
                                  std::size_t wanted) const {
  const std::size_t found = width(schema, at, /*predicting=*/true);
  if (found == 0 || found == wanted) return;
  throw ConfigError(fmt::format("the model was made of {} features, the column '{}' has {}", wanted,
                                features, found),
                    {.field = child(at, "input_col")}, "give rows of the same width");
}

std::vector<std::string> VectorColumns::feature_names(const data::Schema& schema) const {
  std::vector<std::string> all;
  const auto& type = schema.at(features, "input_col");
  if (!type.features) return all;
  for (const auto& feature : *type.features) all.push_back(feature.name);
  return all;
}

PredictionColumns VectorColumns::predicting(Task task, const std::string& prediction) const {
  PredictionColumns columns;
  columns.task = task;
  columns.features = features;
  columns.skips_invalid = skips_invalid;
  columns.label = label;
  columns.weight = weight;
  columns.prediction = prediction;
  return columns;
}

void check_handle_invalid(proto::HandleInvalid choice, const std::string& at, Problems& problems) {
  problems.require(choice != proto::KEEP, child(at, "handle_invalid"),
                   "there is no place for features that are not finite",
                   "take ERROR or SKIP, or fill them first: stage imputer");
}

}  // namespace lockstep::ml
