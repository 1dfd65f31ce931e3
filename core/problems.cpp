#include "core/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace lockstep {

Where Locations::find(const std::string& field) const {
  Where where{.file = file, .field = field};
  std::string path = field;
  while (!path.empty()) {
    if (const auto it = lines.find(path); it != lines.end()) {
      where.line = it->second.first;
      where.column = it->second.second;
      return where;
    }
    const auto cut = path.rfind('.');
    path = cut == std::string::npos ? "" : path.substr(0, cut);
  }
  return where;
}

Error Locations::locate(const Error& error) const {
  if (!error.where().file.empty() || error.where().field.empty()) return error;
  Where where = find(error.where().field);
  where.rank = error.where().rank;
  return Error(error.what(), where, error.advice(), error.exit_code());
}

void Problems::add(const std::string& field, const std::string& what, const std::string& advice) {
  add_at({.field = field}, what, advice);
}

void Problems::add_at(Where where, const std::string& what, const std::string& advice) {
  found_.push_back({std::move(where), what, advice});
}

void Problems::throw_if_any(const Locations& locations) const {
  if (found_.empty()) return;
  std::vector<Problem> sorted = found_;
  for (auto& problem : sorted) {
    if (problem.where.line < 0) problem.where = locations.find(problem.where.field);
    problem.where.file = locations.file;
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.where.line, a.where.column) < std::tie(b.where.line, b.where.column);
  });
  if (sorted.size() == 1) throw ConfigError(sorted[0].what, sorted[0].where, sorted[0].advice);
  std::string text = fmt::format("{} has {} errors", locations.file, sorted.size());
  for (const auto& problem : sorted) {
    text += fmt::format("\n  {}: {}", to_string(problem.where), problem.what);
    if (!problem.advice.empty()) text += fmt::format(" ({})", problem.advice);
  }
  throw ConfigError(text);
}

}  // namespace lockstep
