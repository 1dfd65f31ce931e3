#include "data/features/cleaning/rename.hpp"

#include <fmt/core.h>

#include <memory>

#include "core/error.hpp"

namespace lockstep::data {

Rename::Rename(const proto::Rename& config, std::string at) : config_(config), at_(std::move(at)) {
  if (config_.column().empty())
    throw ConfigError("no column is named", {.field = at_ + ".column"}, "name a column");
  if (config_.to().empty())
    throw ConfigError("the new name is missing", {.field = at_ + ".to"}, "give a new name");
}

Schema Rename::output_schema(const Schema& input) const {
  ColumnType type = input.at(config_.column(), at_ + ".column");
  if (input.has(config_.to())) {
    throw ConfigError(fmt::format("there is a column '{}' already", config_.to()),
                      {.field = at_ + ".to"}, "choose another name, or drop that column first");
  }
  if (type.features && type.features->size() == 1 &&
      type.features->front().name == config_.column()) {
    auto features = *type.features;  // a number that is named after its column
    features.front().name = config_.to();
    type.features = std::make_shared<const std::vector<Feature>>(std::move(features));
  }
  Schema output = input;
  output.add(config_.column(), std::move(type));
  output.rename(config_.column(), config_.to());
  return output;
}

Effect Rename::transform(Partition& partition, Phase) const {
  auto column = partition.columns.extract(config_.column());
  if (column.empty()) return {};
  column.key() = config_.to();
  partition.columns.insert(std::move(column));
  return {partition.rows(), "with the column renamed"};
}

proto::Stage Rename::save() const {
  proto::Stage stage;
  *stage.mutable_rename() = config_;
  return stage;
}

}  // namespace lockstep::data
