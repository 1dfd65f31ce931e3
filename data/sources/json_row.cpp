#include "data/sources/json_row.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "data/sources/read_number.hpp"

namespace lockstep::data {
namespace {

constexpr std::int64_t kLargestWhole = std::int64_t{1} << 53;
constexpr const char* kForm =
    "every line holds one JSON object, such as {\"x\": 1, \"name\": \"a\"}";

/// The place of the value of the object's member number `member`, from 1; 0 if it has fewer.
std::size_t place_of_member(std::string_view line, std::size_t member) {
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_text) {
      i += c == '\\' ? 1 : 0;
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ':' && depth == 1 && --member == 0) {
      ++i;
      while (i < line.size() && (line[i] == ' ' || line[i] == '\t')) ++i;
      return i;
    }
  }
  return 0;
}

}  // namespace

/// What the JSON reader tells.
struct JsonRow::Events {
  using Text = nlohmann::json::string_t;
  JsonRow& row;
  int depth = 0;  // of the value under way: 1 is a member of the line's object

  bool null() { return scalar(JsonValue::Kind::Null, CellType::Unknown, 0, {}); }
  bool boolean(bool v) {
    return scalar(JsonValue::Kind::Boolean, CellType::Boolean, v ? 1 : 0, v ? "true" : "false");
  }
  bool number_integer(std::int64_t v) { return whole(static_cast<double>(v), v); }
  bool number_unsigned(std::uint64_t v) { return whole(static_cast<double>(v), v); }
  bool number_float(double v, const Text& text) {
    const std::string_view digits = std::string_view(text).substr(text[0] == '-' ? 1 : 0);
    const bool long_whole = std::all_of(digits.begin(), digits.end(), is_digit);
    return scalar(JsonValue::Kind::Number, long_whole ? CellType::String : CellType::Double, v,
                  text);
  }
  bool string(Text& text) { return scalar(JsonValue::Kind::Text, CellType::String, 0, text); }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(std::size_t) { return start(JsonValue::Kind::Object); }
  bool start_array(std::size_t) { return start(JsonValue::Kind::List); }
  bool end_object() { return end(); }
  bool end_array() { return end(); }
  bool key(const Text& name) {
    if (depth == 1) row.start_member(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::json::exception& error);

 private:
  template <typename Whole>
  bool whole(double v, Whole exact) {
    const bool fits =
        std::cmp_less_equal(exact, kLargestWhole) && std::cmp_greater_equal(exact, -kLargestWhole);
    const bool as_text = row.target_ != nullptr && row.target_->wants_text;
    return scalar(JsonValue::Kind::Number, fits ? CellType::Integer : CellType::String, v,
                  as_text ? fmt::format("{}", exact) : std::string());
  }
  bool scalar(JsonValue::Kind kind, CellType type, double number, std::string_view text) {
    if (depth == 0) return no_object();
    if (depth == 1 && row.target_ != nullptr) {
      row.target_->kind = kind;
      row.target_->type = type;
      row.target_->number = number;
      row.target_->text = text;
    }
    return true;
  }
  bool start(JsonValue::Kind kind) {
    if (depth == 0 && kind != JsonValue::Kind::Object) return no_object();
    if (depth == 1) row.nested(kind);
    ++depth;
    return true;
  }
  bool end() {
    --depth;
    return true;
  }
  bool no_object() {
    row.problem_ = ParseProblem{.column = 1,
                                .what = fmt::format("not a JSON object: {}", excerpt(row.line_, 1)),
                                .advice = kForm};
    return false;
  }
};

bool JsonRow::Events::parse_error(std::size_t position, const std::string& token,
                                  const nlohmann::json::exception& error) {
  const std::string_view line = row.line_;
  const std::size_t column = std::clamp<std::size_t>(position, 1, line.size() + 1);
  ParseProblem problem;
  problem.column = static_cast<std::int64_t>(column);
  problem.advice = kForm;
  const std::string shown = excerpt(line, column);
  constexpr int kTooLarge = 406;
  if (error.id == kTooLarge) {
    problem.what = fmt::format("the number {} is too large: {}", excerpt(token, 1), shown);
    problem.advice = "the largest double is 1.8e308";
  } else {
    problem.what = fmt::format(
        "{}: {}", column > line.size() ? "the line ends inside the JSON" : "not JSON", shown);
  }
  const std::string_view there = line.substr(column - 1);
  if (there.starts_with("NaN") || there.starts_with("Infinity"))
    problem.advice = "JSON has no NaN and no Infinity: write null";
  row.problem_ = std::move(problem);
  return false;
}

JsonRow::JsonRow(const std::vector<TextColumn>& columns, bool columns_are_all)
    : columns_are_all_(columns_are_all), values_(columns.size()) {
  for (const TextColumn& column : columns) {
    column_of_.emplace(column.name, column_names_.size());
    column_names_.push_back(column.name);
    values_[column_names_.size() - 1].wants_text =
        column.type == CellType::String || column.type == CellType::Unknown;
  }
}

bool JsonRow::read(std::string_view line) {
  line_ = line;
  problem_.reset();
  members_ = next_column_ = 0;
  target_ = nullptr;
  new_others_.clear();
  for (JsonValue& value : values_) value.kind = JsonValue::Kind::Absent;
  const std::size_t bad = bad_byte(line);
  if (bad != std::string_view::npos) {
    problem_ = bad_byte_problem(line, bad);
    return false;
  }
  Events events{*this};
  return nlohmann::json::sax_parse(line.data(), line.data() + line.size(), &events);
}

JsonValue* JsonRow::find(std::string_view name) {
  if (next_column_ == column_names_.size() || column_names_[next_column_] != name) {
    const auto found = column_of_.find(name);
    if (found == column_of_.end()) return nullptr;
    next_column_ = found->second;
  }
  return &values_[next_column_++];
}

void JsonRow::start_member(const std::string& name) {
  ++members_;
  target_ = find(name);
  member_name_ = name;
  if (target_ == nullptr) {
    if (!columns_are_all_ && !others_.contains(name)) new_others_.push_back(name);
    return;
  }
  if (target_->kind != JsonValue::Kind::Absent) {
    if (!problem_)
      problem_ = problem_at(members_, fmt::format("member '{}' comes twice", excerpt(name, 1)),
                            "leave one of them");
    target_ = nullptr;
    return;
  }
  target_->member = members_;
}

/// A list or an object is the value of the member under way.
void JsonRow::nested(JsonValue::Kind kind) {
  if (target_ == nullptr && columns_are_all_) return;
  if (target_ != nullptr) {
    target_->kind = kind;
  } else if (!new_others_.empty() && new_others_.back() == member_name_) {
    new_others_.pop_back();  // it will be no column
  }
  if (problem_) return;
  const char* what = kind == JsonValue::Kind::List ? "a list" : "an object";
  const char* advice =
      target_ == nullptr ? "cells are numbers, strings, true, false or null; to leave this member "
                           "out, declare the columns to read"
                         : "cells are numbers, strings, true, false or null";
  problem_ = problem_at(members_, fmt::format("member '{}' is {}", excerpt(member_name_, 1), what),
                        advice);
}

void JsonRow::keep_others() { others_.insert(new_others_.begin(), new_others_.end()); }

ParseProblem JsonRow::problem_at(std::size_t member, const std::string& what,
                                 const std::string& advice) const {
  const std::size_t place = place_of_member(line_, member);
  ParseProblem problem;
  problem.column = static_cast<std::int64_t>(place) + 1;
  problem.what = fmt::format("{}: {}", what, excerpt(line_, place + 1));
  problem.advice = advice;
  return problem;
}

}  // namespace lockstep::data
