#pragma once
/// What the cleaning stages have in common: reading values from a config, absent cells, and
/// changing number columns in place. Local, MPI-free.

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/table.hpp"

namespace lockstep::data {

/// A value for a number column as a config writes it: "3.5", "-1e3", "nan", "inf", and "true" and
/// "false" as 1 and 0. Nothing if it is none.
std::optional<double> number_from_text(std::string_view text);

/// The same. @throws ConfigError naming `field` if the text is no number
double number_from_config(const std::string& text, const std::string& field);

/// The type of a number column in which `value` appears as well: it stays a column of integers, of
/// booleans or of categories only if the value is one. NaN and missing fit everywhere.
ColumnType with_value(ColumnType type, double value);

/// True where a number or string column has nothing; NaN counts as nothing.
inline bool is_absent(const Column& column, std::size_t row) {
  if (const auto* numbers = std::get_if<Numbers>(&column)) return std::isnan(numbers->values[row]);
  return std::get<Strings>(column).is_missing(row);
}

/// Number and string columns: those that can have absent cells.
inline bool may_be_absent(const ColumnType& type) {
  return type.kind == ColumnType::Kind::Number || type.kind == ColumnType::Kind::String;
}
inline bool may_be_absent(const Column& column) {
  return std::holds_alternative<Numbers>(column) || std::holds_alternative<Strings>(column);
}

/// Puts the numbers for which `wants` is true through `change`, calls touched(row) for each, and
/// copies the column only if there are any.
template <typename Wants, typename Change, typename Touched>
void change_numbers(Numbers& column, const Wants& wants, const Change& change,
                    const Touched& touched) {
  std::size_t row = 0;
  const std::size_t rows = column.values.size();
  while (row < rows && !wants(column.values[row])) ++row;
  if (row == rows) return;
  std::vector<double> values = std::move(column.values).take();
  for (; row < rows; ++row) {
    if (!wants(values[row])) continue;
    values[row] = change(values[row]);
    touched(row);
  }
  column.values = std::move(values);
}

/// Checks that a list of column names has no name twice. @throws ConfigError naming `field`
void check_unique(const std::vector<std::string>& names, const std::string& field);

/// "columns[2]" below a config path.
std::string element(const std::string& field, std::size_t i);

}  // namespace lockstep::data
