#pragma once
/// Parsed rows as words, for tests: a row is its cells with a bar between them, a number as short
/// as it can be, text in brackets, a missing cell as "-".

#include <fmt/core.h>

#include <string>
#include <vector>

#include "data/sources/text_rows.hpp"

namespace lockstep::tests {

using Rows = std::vector<std::string>;

inline bool is_text(const data::TextColumn& column) {
  return column.type == data::CellType::String || column.type == data::CellType::Unknown;
}

inline std::string cell(const data::Column& column, std::size_t row) {
  if (const auto* numbers = std::get_if<data::Numbers>(&column)) {
    const double value = numbers->values[row];
    return data::is_missing(value) ? "-" : fmt::format("{}", value);
  }
  const auto text = std::get<data::Strings>(column).at(row);
  return text ? fmt::format("[{}]", *text) : "-";
}

inline Rows cells(const data::TextRows& parsed, const std::vector<data::TextColumn>& columns) {
  using namespace data;
  RowFormat format;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const bool text = is_text(columns[c]);
    format.cells.push_back({std::to_string(c),
                            {text ? ColumnType::Kind::String : ColumnType::Kind::Number},
                            text ? Encoding::Text : Encoding::Number});
  }
  const auto table =
      unpack(format, parsed.rows.rows(), [&](std::size_t i) { return parsed.rows.row(i); });
  Rows rows(parsed.rows.rows());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t c = 0; c < columns.size(); ++c)
      rows[i] += (c == 0 ? "" : "|") + cell(table.at(std::to_string(c)), i);
  }
  return rows;
}

/// Columns "a", "b", ... by letters: s string, d double, i integer, b boolean, u unknown; capitals
/// are declared.
inline std::vector<data::TextColumn> columns(const std::string& letters) {
  std::vector<data::TextColumn> result;
  for (const char letter : letters) {
    const char lower = letter < 'a' ? static_cast<char>(letter - 'A' + 'a') : letter;
    using enum data::CellType;
    const data::CellType type = lower == 's'   ? String
                                : lower == 'd' ? Double
                                : lower == 'i' ? Integer
                                : lower == 'b' ? Boolean
                                               : Unknown;
    result.push_back(
        {std::string(1, static_cast<char>('a' + result.size())), type, letter != lower});
  }
  return result;
}

}  // namespace lockstep::tests
