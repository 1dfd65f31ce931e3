#pragma once
/// What every parser must keep, whatever the bytes: a text cut at the border of two rows gives the
/// rows of the whole, and what it gives can be unpacked. A fuzz entry calls check_halves() with its
/// parser; a broken promise ends the program.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "data/sources/text_rows.hpp"

namespace lockstep::fuzz {

inline void require(bool condition, const char* promise) {
  if (condition) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

/// The bytes of a fuzz input: some choose options and the cut, the rest is the text.
struct Input {
  std::uint8_t options[3] = {0, 0, 0};
  double cut = 0;  // as a share of the text
  std::string_view text;
};

inline Input input_of(const std::uint8_t* bytes, std::size_t size) {
  Input input;
  std::size_t used = 0;
  for (std::uint8_t& option : input.options) option = used < size ? bytes[used++] : 0;
  if (used < size) input.cut = bytes[used++] / 255.0;
  input.text = {reinterpret_cast<const char*>(bytes) + used, size - used};
  return input;
}

/// The cut as a place in the text.
inline std::size_t place(const Input& input) {
  return static_cast<std::size_t>(input.cut * static_cast<double>(input.text.size()));
}

/// Behind the first line end from `at` on.
inline std::size_t line_border(std::string_view text, std::size_t at) {
  const std::size_t end = text.find('\n', at);
  return end == std::string_view::npos ? text.size() : end + 1;
}

inline void check_rows(const data::TextRows& parsed, const data::RowFormat& format) {
  const auto columns =
      data::unpack(format, parsed.rows.rows(), [&](std::size_t i) { return parsed.rows.row(i); });
  for (const auto& column : columns)
    require(data::rows_of(column.second) == parsed.rows.rows(), "a column has all rows");
}

inline void check_same(const data::ParseProblem& whole, const data::ParseProblem& half,
                       std::int64_t lines_before) {
  require(whole.what == half.what && whole.advice == half.advice, "same words");
  require(whole.column == half.column, "same column");
  require(whole.line == half.line + lines_before, "same line");
  require(whole.column >= 1 && whole.line >= 0, "a place in the text");
  require(whole.what.size() < 1000, "a message is short");
}

inline void check_totals(const data::TextRows& whole, const data::TextRows& left,
                         const data::TextRows& right) {
  using namespace data;
  require(whole.lines == left.lines + right.lines, "same lines");
  require(whole.bad_rows == left.bad_rows + right.bad_rows, "same bad rows");
  require(whole.width == std::max(left.width, right.width), "same width");
  require(whole.labelled == (left.labelled && right.labelled), "same labels");
  require(whole.seen.size() == left.seen.size(), "as many columns");
  for (std::size_t c = 0; c < whole.seen.size(); ++c)
    require(whole.seen[c] == join(left.seen[c], right.seen[c]), "same types");
  std::set<std::string> names(left.names.begin(), left.names.end());
  names.insert(right.names.begin(), right.names.end());
  require(whole.names == std::vector<std::string>(names.begin(), names.end()), "same names");
}

/// @param border a place between two rows of the text
template <typename Parse>
void check_halves(std::string_view text, std::size_t border, const data::RowFormat& format,
                  const Parse& parse) {
  const data::TextRows whole = parse(text);
  const data::TextRows left = parse(text.substr(0, border));
  check_rows(whole, format);
  check_rows(left, format);
  std::size_t row = 0;
  const auto compare = [&](const data::TextRows& half) {
    for (std::size_t i = 0; i < half.rows.rows(); ++i, ++row) {
      require(row < whole.rows.rows() && whole.rows.row(row) == half.rows.row(i), "same rows");
    }
  };
  compare(left);
  if (left.problem) {
    require(whole.problem.has_value(), "a problem of the left half is one of the whole");
    check_same(*whole.problem, *left.problem, 0);
  } else {
    const data::TextRows right = parse(text.substr(border));
    compare(right);
    require(whole.problem.has_value() == right.problem.has_value(), "same outcome");
    if (right.problem) check_same(*whole.problem, *right.problem, left.lines);
    check_totals(whole, left, right);
  }
  require(row == whole.rows.rows(), "as many rows");
}

/// Columns of types chosen by the options.
inline std::vector<data::TextColumn> columns_of(std::size_t count, unsigned types,
                                                bool declared_too) {
  std::vector<data::TextColumn> columns;
  for (std::size_t c = 0; c < count; ++c, types /= 5) {
    const auto type = static_cast<data::CellType>(types % 5);
    const bool declared = declared_too && c % 2 == 1 && type != data::CellType::Unknown;
    columns.push_back({std::string(1, static_cast<char>('a' + c)), type, declared});
  }
  return columns;
}

inline data::RowFormat format_of(const std::vector<data::TextColumn>& columns) {
  using namespace data;
  RowFormat format;
  for (const TextColumn& column : columns) {
    const bool text = column.type == CellType::String || column.type == CellType::Unknown;
    format.cells.push_back({column.name,
                            {text ? ColumnType::Kind::String : ColumnType::Kind::Number},
                            text ? Encoding::Text : Encoding::Number});
  }
  return format;
}

}  // namespace lockstep::fuzz
