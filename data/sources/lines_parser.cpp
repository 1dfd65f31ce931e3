#include "data/sources/lines_parser.hpp"

#include <fmt/core.h>

#include "data/sources/each_line.hpp"

namespace lockstep::data {
namespace {

constexpr const char* kForm = "a line is: label, tab, text";

/// Parses lines one after the other until one is a problem.
template <typename Parse>
TextRows parse_each(std::string_view text, std::vector<CellType> seen, const Parse& parse) {
  TextRows rows;
  rows.seen = std::move(seen);
  rows.lines = each_line(text, [&](std::string_view line) {
    const std::size_t bad = bad_byte(line);
    if (bad != std::string_view::npos) {
      rows.problem = bad_byte_problem(line, bad);
    } else {
      parse(line, rows);
    }
    return !rows.problem;
  });
  if (rows.problem) rows.problem->line = rows.lines;
  rows.rows.shrink();
  return rows;
}

void fail(TextRows& rows, std::string what) {
  rows.problem = ParseProblem{.column = 1, .what = std::move(what), .advice = kForm};
}

/// Writes the label's cell. A label that does not fit an undeclared column is missing.
void write_label(std::string_view text, const TextColumn& label, TextRows& rows) {
  const bool as_text = label.type == CellType::String || label.type == CellType::Unknown;
  if (text.empty()) return as_text ? rows.rows.missing_text() : rows.rows.number(kMissing);
  CellType& seen = rows.seen[0];
  double value = 0;
  if (as_text) {
    const CellType type = type_of_cell(strip_blanks(text), value);
    seen = join(seen, type == CellType::Unknown ? CellType::String : type);
    return rows.rows.text(text);
  }
  const CellType type = read_cell(text, label, value);
  if (type != label.type && label.declared) return fail(rows, misfit(text, label));
  seen = join(seen, type);
  rows.rows.number(type == label.type ? value : kMissing);
}

void write_labelled_line(std::string_view line, const TextColumn& label, TextRows& rows) {
  if (strip_blanks(line).empty()) return;
  const std::size_t tab = line.find('\t');
  if (tab == std::string_view::npos)
    return fail(rows, fmt::format("a line without a tab: {}", excerpt(line, 1)));
  write_label(line.substr(0, tab), label, rows);
  if (rows.problem) return rows.rows.drop_row();
  rows.rows.text(line.substr(tab + 1));
  rows.rows.end_row();
}

}  // namespace

TextRows parse_lines(std::string_view text) {
  return parse_each(text, {CellType::String}, [](std::string_view line, TextRows& rows) {
    rows.rows.text(line);
    rows.rows.end_row();
  });
}

TextRows parse_labelled_lines(std::string_view text, const TextColumn& label) {
  return parse_each(
      text, {label.type, CellType::String},
      [&label](std::string_view line, TextRows& rows) { write_labelled_line(line, label, rows); });
}

}  // namespace lockstep::data
