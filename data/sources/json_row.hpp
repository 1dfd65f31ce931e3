#pragma once
/// One line of JSON taken apart: the members of its object.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "data/sources/text_rows.hpp"

namespace lockstep::data {

/// The value of a member.
struct JsonValue {
  enum class Kind { Absent, Null, Boolean, Number, Text, List, Object };
  Kind kind = Kind::Absent;
  CellType type = CellType::Unknown;  ///< of a boolean, number or text
  double number = 0;
  std::string text;  ///< the value as text; not of integers, unless it is wanted
  bool wants_text = false;
  std::size_t member = 0;  ///< it is that member of the object, from 1
};

/// The object of a line. Kept from line to line, so that its strings keep their memory.
class JsonRow {
 public:
  JsonRow(const std::vector<TextColumn>& columns, bool columns_are_all);

  /// Reads a line; false if it is not one JSON object: problem() says why. A bad member is a
  /// problem too, but the line has been read.
  bool read(std::string_view line);

  const JsonValue& value(std::size_t column) const { return values_[column]; }
  const std::optional<ParseProblem>& problem() const noexcept { return problem_; }

  /// The line's row is kept, so what it has beside the columns counts.
  void keep_others();

  /// Members of kept rows that are not among the columns and could be.
  const std::set<std::string, std::less<>>& others() const noexcept { return others_; }

  /// What the line has instead, at the member's value.
  ParseProblem problem_at(std::size_t member, const std::string& what,
                          const std::string& advice) const;

 private:
  struct Events;

  JsonValue* find(std::string_view name);
  void start_member(const std::string& name);
  void nested(JsonValue::Kind kind);

  bool columns_are_all_;
  std::map<std::string, std::size_t, std::less<>> column_of_;
  std::vector<std::string> column_names_;  // in their order
  std::set<std::string, std::less<>> others_;
  std::vector<std::string> new_others_;  // of this line

  std::string_view line_;
  std::vector<JsonValue> values_;
  std::optional<ParseProblem> problem_;
  std::size_t members_ = 0;      // so far
  std::size_t next_column_ = 0;  // the likely one of the next member: lines are alike
  JsonValue* target_ = nullptr;  // of the member under way, or it is none of the columns
  std::string member_name_;      // of it
};

}  // namespace lockstep::data
