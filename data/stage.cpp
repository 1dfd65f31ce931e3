#include "data/stage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

const char* kind_name(ColumnType::Kind kind) {
  switch (kind) {
    case ColumnType::Kind::Number:
      return "number";
    case ColumnType::Kind::String:
      return "string";
    case ColumnType::Kind::Tokens:
      return "tokens";
    case ColumnType::Kind::Vector:
      return "vector";
    case ColumnType::Kind::Image:
      return "image";
  }
  return "unknown";
}

}  // namespace

const ColumnType& input_column(const Schema& schema, const std::string& name,
                               std::initializer_list<ColumnType::Kind> kinds,
                               const std::string& field) {
  const ColumnType& type = schema.at(name, field);
  if (std::find(kinds.begin(), kinds.end(), type.kind) != kinds.end()) return type;
  std::string wanted;
  for (const auto kind : kinds)
    wanted += (wanted.empty() ? "" : " or ") + std::string(kind_name(kind));
  throw ConfigError(
      fmt::format("the column '{}' is of type {}, not {}", name, to_string(type), wanted),
      {.field = field}, fmt::format("name a {} column", wanted));
}

void add_output(Schema& schema, const std::string& name, ColumnType type,
                const std::string& field) {
  if (name.empty())
    throw ConfigError("the output column has no name", {.field = field}, "name a new column");
  if (schema.has(name)) {
    throw ConfigError(fmt::format("there is a column '{}' already", name), {.field = field},
                      "a stage makes new columns: choose another name");
  }
  schema.add(name, std::move(type));
}

std::vector<ColumnPair> make_column_pairs(bool has_one, const std::string& input,
                                          const std::string& output,
                                          const std::vector<std::string>& inputs,
                                          const std::vector<std::string>& outputs,
                                          const std::string& at) {
  if (has_one && (!inputs.empty() || !outputs.empty())) {
    throw ConfigError("both one column and lists of columns are given", {.field = at},
                      "give input_col and output_col, or input_cols and output_cols");
  }
  if (has_one) {
    if (input.empty()) throw ConfigError("input_col is missing", {.field = at}, "name a column");
    if (output.empty())
      throw ConfigError("output_col is missing", {.field = at}, "name a new column");
    return {{input, output, at + ".input_col", at + ".output_col"}};
  }
  if (inputs.empty()) {
    throw ConfigError("no input column is given", {.field = at},
                      "give input_col and output_col, or input_cols and output_cols");
  }
  if (inputs.size() != outputs.size()) {
    throw ConfigError(
        fmt::format("{} input columns, but {} output columns", inputs.size(), outputs.size()),
        {.field = at + ".output_cols"}, "give one output column for each input");
  }
  std::vector<ColumnPair> pairs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    pairs.push_back({inputs[i], outputs[i], fmt::format("{}.input_cols[{}]", at, i),
                     fmt::format("{}.output_cols[{}]", at, i)});
  }
  return pairs;
}

}  // namespace lockstep::data
