#include "data/features/cleaning/drop_columns.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "data/features/cleaning/cells.hpp"

namespace lockstep::data {

DropColumns::DropColumns(const proto::DropColumns& config, std::string at)
    : config_(config), at_(std::move(at)) {
  if (config_.columns().empty()) {
    throw ConfigError("no column is named", {.field = at_ + ".columns"},
                      "name the columns to forget");
  }
  check_unique(input_columns(), at_ + ".columns");
}

std::vector<std::string> DropColumns::input_columns() const {
  return {config_.columns().begin(), config_.columns().end()};
}

Schema DropColumns::output_schema(const Schema& input) const {
  const auto dropped = input_columns();
  for (std::size_t i = 0; i < dropped.size(); ++i)
    (void)input.at(dropped[i], element(at_ + ".columns", i));
  std::vector<std::string> kept;
  for (const auto& name : input.names()) {
    if (std::find(dropped.begin(), dropped.end(), name) == dropped.end()) kept.push_back(name);
  }
  Schema output = input;
  output.keep(kept);
  return output;
}

Effect DropColumns::transform(Partition& partition, Phase) const {
  for (const auto& name : config_.columns()) partition.columns.erase(name);
  return {partition.rows(), "freed of the columns named"};
}

proto::Stage DropColumns::save() const {
  proto::Stage stage;
  *stage.mutable_drop_columns() = config_;
  return stage;
}

}  // namespace lockstep::data
