/// The first record of a CSV file and the names of its columns.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "data/sources/csv_fields.hpp"

namespace lockstep::data {
namespace {

/// The fields of the first record.
struct FirstRecord {
  std::vector<std::string> fields;
  const char* begin = nullptr;
  const char* end = nullptr;     // behind its line end
  const char* bad_at = nullptr;  // set: it is a bad row
  std::string why, advice;
};

/// `text` ends with '\n'.
FirstRecord read_first_record(std::string_view text, const CsvRules& rules) {
  CsvFields reader(rules);
  const char* p = text.data();
  const char* end = p + text.size();
  while (p != end) {
    const char* next = reader.skip_blank_line(p);
    if (next == nullptr) next = reader.skip_comment(p, end);
    if (next == nullptr) break;
    p = next;
  }
  FirstRecord record;
  record.begin = record.end = p;
  CsvField field;
  while (p != end) {
    if (reader.read(p, end, field) != CsvFields::Outcome::Read) {
      record.bad_at = reader.bad_at();
      record.why = reader.why();
      record.advice = reader.advice();
      break;
    }
    const std::size_t bad =
        bad_byte({field.begin, static_cast<std::size_t>(field.end - field.begin)});
    if (bad != std::string_view::npos) {
      record.bad_at = field.begin + bad;
      break;
    }
    record.fields.emplace_back(field.text);
    p = record.end = field.end + 1;
    if (*field.end == '\n') break;
  }
  return record;
}

ParseProblem problem_at(std::string_view text, const char* at, const std::string& why,
                        const std::string& advice) {
  const auto offset = static_cast<std::size_t>(at - text.data());
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 == 0
  const std::string_view line = text.substr(line_begin, text.find('\n', offset) - line_begin);
  ParseProblem problem;
  if (why.empty()) {
    problem = bad_byte_problem(line, offset - line_begin);
  } else {
    problem.column = static_cast<std::int64_t>(offset - line_begin) + 1;
    problem.what = fmt::format("{}: {}", why, excerpt(line, offset - line_begin + 1));
    problem.advice = advice;
  }
  problem.line = std::count(before.begin(), before.end(), '\n');
  return problem;
}

/// Empty and repeated names get their column's number, until every name is there once.
std::vector<std::string> distinct(std::vector<std::string> names) {
  std::map<std::string, std::size_t> times;
  std::set<std::string> taken;
  for (const std::string& name : names) ++times[name];
  for (const std::string& name : names) {
    if (!name.empty() && times[name] == 1) taken.insert(name);
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!names[i].empty() && times[names[i]] == 1) continue;
    names[i] = fmt::format("{}{}", names[i].empty() ? "_c" : names[i], i);
    while (!taken.insert(names[i]).second) names[i] += '_';
  }
  return names;
}

CsvHeader header_of(std::string_view text, const CsvRules& rules, bool header) {
  const FirstRecord record = read_first_record(text, rules);
  CsvHeader result;
  if (record.bad_at != nullptr) {
    result.problem = problem_at(text, record.bad_at, record.why, record.advice);
    return result;
  }
  const auto is_lone_return = [](const std::string& name) {
    return name.find('\r') != std::string::npos && name.find('\n') == std::string::npos;
  };
  const auto lone = std::find_if(record.fields.begin(), record.fields.end(), is_lone_return);
  if (lone != record.fields.end()) {
    result.problem = problem_at(text, record.begin, "a line with carriage returns inside",
                                "end lines in LF or CR LF, as with tr '\\r' '\\n'");
    return result;
  }
  if (header) {
    result.names = distinct(record.fields);
    result.bytes = static_cast<std::size_t>(record.end - text.data());
    result.lines = std::count(text.data(), record.end, '\n');
  } else {
    for (std::size_t i = 0; i < record.fields.size(); ++i)
      result.names.push_back(fmt::format("_c{}", i));
  }
  return result;
}

}  // namespace

CsvHeader read_csv_header(std::string_view text, const CsvRules& rules, bool header) {
  const std::size_t bom = bom_bytes(text);
  text.remove_prefix(bom);
  CsvHeader result;
  if (text.empty() || text.back() == '\n') {
    result = header_of(text, rules, header);
  } else {
    result = header_of(std::string(text) + '\n', rules, header);
    if (result.bytes > text.size()) {
      result.bytes = text.size();
      --result.lines;
    }
  }
  result.bytes += bom;
  if (result.problem && result.problem->line == 0)
    result.problem->column += static_cast<std::int64_t>(bom);
  return result;
}

}  // namespace lockstep::data
