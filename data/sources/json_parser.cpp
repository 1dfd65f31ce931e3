#include "data/sources/json_parser.hpp"

#include <fmt/core.h>

#include <cmath>

#include "data/sources/each_line.hpp"
#include "data/sources/json_row.hpp"

namespace lockstep::data {
namespace {

constexpr double kLargestWhole = 9007199254740992;  // 2^53
constexpr const char* kModes = "mode: DROPMALFORMED drops such rows, PERMISSIVE keeps them";

bool is_text(const TextColumn& column) {
  return column.type == CellType::String || column.type == CellType::Unknown;
}

bool is_missing(const JsonValue& value) {
  return value.kind == JsonValue::Kind::Absent || value.kind == JsonValue::Kind::Null;
}

bool is_nested(const JsonValue& value) {
  return value.kind == JsonValue::Kind::List || value.kind == JsonValue::Kind::Object;
}

/// "NaN", "Infinity", "-Infinity"
bool is_odd_number(const JsonValue& value, double& number) {
  return value.kind == JsonValue::Kind::Text && parse_number(value.text, number) &&
         !std::isfinite(number);
}

/// What the column's type must be for this cell: its own if it fits. `number` is the cell's.
CellType needed(const JsonValue& value, const TextColumn& column, double& number) {
  number = value.number;
  if (!column.declared) return join(column.type, value.type);
  const bool is_number = value.kind == JsonValue::Kind::Number;
  bool fits = true;
  if (column.type == CellType::Double) fits = is_number || is_odd_number(value, number);
  if (column.type == CellType::Boolean) fits = value.kind == JsonValue::Kind::Boolean;
  if (column.type == CellType::Integer) {
    fits = is_number && value.type != CellType::String && std::fabs(number) <= kLargestWhole &&
           std::floor(number) == number;
  }
  return fits ? column.type : CellType::String;
}

class Parser {
 public:
  Parser(const std::vector<TextColumn>& columns, bool columns_are_all, proto::BadRows mode,
         TextRows& rows)
      : columns_(columns), mode_(mode), rows_(rows), row_(columns, columns_are_all) {
    for (const TextColumn& column : columns) rows.seen.push_back(column.type);
    types_.resize(columns.size());
    numbers_.resize(columns.size());
  }

  /// False: the line ends the piece.
  bool parse_line(std::string_view line, std::int64_t lines_before) {
    if (strip_blanks(line).empty()) return true;
    const bool read = row_.read(line);
    std::optional<ParseProblem> problem = row_.problem();
    for (std::size_t c = 0; c < columns_.size(); ++c) fit(c, read, problem);
    if (problem) {
      problem->line = lines_before;
      if (!forgive(rows_, mode_, std::move(*problem))) return false;
      if (mode_ != proto::PERMISSIVE) return true;
    }
    if (read) row_.keep_others();
    for (std::size_t c = 0; c < columns_.size(); ++c) write(c);
    rows_.rows.end_row();
    return true;
  }

  void finish() {
    for (const auto& other : row_.others()) rows_.names.push_back(other);
    rows_.rows.shrink();
  }

 private:
  /// Decides on the cell: types_[c] is the type it needs, Unknown if it is missing.
  void fit(std::size_t c, bool read, std::optional<ParseProblem>& problem) {
    const JsonValue& value = row_.value(c);
    const TextColumn& column = columns_[c];
    types_[c] = CellType::Unknown;
    if (!read || is_missing(value) || is_nested(value)) return;
    const CellType type = needed(value, column, numbers_[c]);
    if (column.declared && type != column.type) {
      if (!problem) problem = row_.problem_at(value.member, misfit(shown(value), column), kModes);
      return;
    }
    types_[c] = type;
  }

  static std::string shown(const JsonValue& value) {
    if (value.kind == JsonValue::Kind::Text) return '"' + value.text + '"';
    return value.text.empty() ? fmt::format("{}", value.number) : value.text;
  }

  void write(std::size_t c) {
    const TextColumn& column = columns_[c];
    rows_.seen[c] = join(rows_.seen[c], types_[c]);
    const bool there = types_[c] != CellType::Unknown;
    if (is_text(column)) {
      there ? rows_.rows.text(row_.value(c).text) : rows_.rows.missing_text();
    } else {
      rows_.rows.number(there && types_[c] == column.type ? numbers_[c] : kMissing);
    }
  }

  const std::vector<TextColumn>& columns_;
  proto::BadRows mode_;
  TextRows& rows_;
  JsonRow row_;
  std::vector<CellType> types_;
  std::vector<double> numbers_;
};

}  // namespace

TextRows parse_json_lines(std::string_view text, const std::vector<TextColumn>& columns,
                          bool columns_are_all, proto::BadRows mode) {
  TextRows rows;
  Parser parser(columns, columns_are_all, mode, rows);
  std::int64_t lines = 0;
  rows.lines =
      each_line(text, [&](std::string_view line) { return parser.parse_line(line, lines++); });
  parser.finish();
  return rows;
}

}  // namespace lockstep::data
