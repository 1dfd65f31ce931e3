#include "data/features/cleaning/fill_nulls.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "data/features/cleaning/cells.hpp"

namespace lockstep::data {

FillNulls::FillNulls(const proto::FillNulls& config, std::string at)
    : config_(config), at_(std::move(at)) {
  if (!config_.has_number() && !config_.has_text()) {
    throw ConfigError("there is nothing to fill in", {.field = at_}, "give number, text, or both");
  }
  if (std::isnan(config_.number())) {
    throw ConfigError("NaN counts as missing itself", {.field = at_ + ".number"},
                      "give another number");
  }
  check_unique(input_columns(), at_ + ".columns");
}

std::vector<std::string> FillNulls::input_columns() const {
  return {config_.columns().begin(), config_.columns().end()};
}

bool FillNulls::fits(ColumnType::Kind kind) const {
  return (kind == ColumnType::Kind::Number && config_.has_number()) ||
         (kind == ColumnType::Kind::String && config_.has_text());
}

Schema FillNulls::output_schema(const Schema& input) const {
  auto names = input_columns();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string field = element(at_ + ".columns", i);
    const ColumnType& type =
        input_column(input, names[i], {ColumnType::Kind::Number, ColumnType::Kind::String}, field);
    if (!fits(type.kind)) {
      throw ConfigError(fmt::format("no value is given for the column '{}' of type {}", names[i],
                                    to_string(type)),
                        {.field = field},
                        type.kind == ColumnType::Kind::Number ? "give number" : "give text");
    }
  }
  if (names.empty()) names = input.names();
  Schema output = input;
  for (const auto& name : names) {
    const ColumnType& type = input.at(name, at_);
    if (type.kind == ColumnType::Kind::Number && fits(type.kind))
      output.add(name, with_value(type, config_.number()));
  }
  return output;
}

void FillNulls::fill(Strings& column, std::vector<bool>& touched) const {
  if (std::none_of(column.missing.begin(), column.missing.end(), [](auto m) { return m != 0; }))
    return;
  StringsBuilder builder;
  for (std::size_t row = 0; row < column.rows(); ++row) {
    const bool missing = column.is_missing(row);
    if (missing) touched[row] = true;
    builder.push(missing ? std::string_view(config_.text()) : column.text(row));
  }
  column = std::move(builder).finish();
}

void FillNulls::fill(Column& column, std::vector<bool>& touched) const {
  if (auto* numbers = std::get_if<Numbers>(&column)) {
    if (!config_.has_number()) return;
    change_numbers(
        *numbers, [](double v) { return std::isnan(v); },
        [this](double) { return config_.number(); },
        [&touched](std::size_t row) { touched[row] = true; });
  } else if (auto* strings = std::get_if<Strings>(&column)) {
    if (config_.has_text()) fill(*strings, touched);
  }
}

Effect FillNulls::transform(Partition& partition, Phase) const {
  std::vector<bool> touched(partition.rows());
  for (const auto& name : config_.columns()) fill(partition.columns.at(name), touched);
  if (config_.columns().empty()) {
    for (auto& [name, column] : partition.columns) fill(column, touched);
  }
  return {static_cast<std::uint64_t>(std::count(touched.begin(), touched.end(), true)), "filled"};
}

proto::Stage FillNulls::save() const {
  proto::Stage stage;
  *stage.mutable_fill_nulls() = config_;
  return stage;
}

}  // namespace lockstep::data
