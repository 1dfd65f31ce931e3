#include "data/features/cleaning/select_columns.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "data/features/cleaning/cells.hpp"

namespace lockstep::data {

SelectColumns::SelectColumns(const proto::SelectColumns& config, std::string at)
    : config_(config), at_(std::move(at)) {
  if (config_.columns().empty()) {
    throw ConfigError("no column is named", {.field = at_ + ".columns"},
                      "name the columns to keep");
  }
  check_unique(input_columns(), at_ + ".columns");
}

std::vector<std::string> SelectColumns::input_columns() const {
  return {config_.columns().begin(), config_.columns().end()};
}

Schema SelectColumns::output_schema(const Schema& input) const {
  Schema output;
  const auto names = input_columns();
  for (std::size_t i = 0; i < names.size(); ++i)
    output.add(names[i], input.at(names[i], element(at_ + ".columns", i)));
  return output;
}

Effect SelectColumns::transform(Partition& partition, Phase) const {
  std::erase_if(partition.columns, [this](const auto& column) {
    return std::find(config_.columns().begin(), config_.columns().end(), column.first) ==
           config_.columns().end();
  });
  return {partition.rows(), "cut to the columns named"};
}

proto::Stage SelectColumns::save() const {
  proto::Stage stage;
  *stage.mutable_select_columns() = config_;
  return stage;
}

}  // namespace lockstep::data
