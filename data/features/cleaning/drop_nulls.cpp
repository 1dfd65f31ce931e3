#include "data/features/cleaning/drop_nulls.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "data/features/cleaning/cells.hpp"

namespace lockstep::data {
namespace {

/// How many of `columns` columns a row must have to stay.
std::size_t fewest_there(const proto::DropNulls& config, std::size_t columns) {
  if (config.has_min_non_null()) return config.min_non_null();
  return config.how() == proto::DropNulls::ANY ? columns : std::min<std::size_t>(columns, 1);
}

}  // namespace

DropNulls::DropNulls(const proto::DropNulls& config, std::string at)
    : config_(config), at_(std::move(at)) {
  if (config_.has_how() && config_.has_min_non_null()) {
    throw ConfigError("both how and min_non_null are given", {.field = at_}, "keep one of them");
  }
  check_unique(input_columns(), at_ + ".columns");
}

std::vector<std::string> DropNulls::input_columns() const {
  return {config_.columns().begin(), config_.columns().end()};
}

Schema DropNulls::output_schema(const Schema& input) const {
  const auto names = input_columns();
  for (std::size_t i = 0; i < names.size(); ++i) {
    input_column(input, names[i], {ColumnType::Kind::Number, ColumnType::Kind::String},
                 element(at_ + ".columns", i));
  }
  std::size_t columns = names.size();
  if (names.empty()) {
    columns = static_cast<std::size_t>(
        std::count_if(input.columns().begin(), input.columns().end(),
                      [](const auto& column) { return may_be_absent(column.second); }));
  }
  if (config_.min_non_null() > columns) {
    throw ConfigError(
        fmt::format("a row shall have {} values of {} columns", config_.min_non_null(), columns),
        {.field = at_ + ".min_non_null"}, "no row would stay: give fewer, or name more columns");
  }
  return input;
}

Effect DropNulls::transform(Partition& partition, Phase phase) const {
  if (phase == Phase::Scoring && !config_.when_scoring()) return {};
  std::vector<const Column*> columns;
  for (const auto& name : config_.columns()) columns.push_back(&partition.column(name));
  if (config_.columns().empty()) {
    for (const auto& [name, column] : partition.columns) {
      if (may_be_absent(column)) columns.push_back(&column);
    }
  }
  const std::size_t fewest = fewest_there(config_, columns.size());
  std::vector<bool> keep(partition.rows());
  for (std::size_t row = 0; row < keep.size(); ++row) {
    const auto absent = static_cast<std::size_t>(
        std::count_if(columns.begin(), columns.end(),
                      [row](const Column* column) { return is_absent(*column, row); }));
    keep[row] = columns.size() - absent >= fewest;
  }
  return {keep_rows(partition, keep), "dropped"};
}

proto::Stage DropNulls::save() const {
  proto::Stage stage;
  *stage.mutable_drop_nulls() = config_;
  return stage;
}

}  // namespace lockstep::data
