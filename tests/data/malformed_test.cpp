/// What a person reads when a row is bad: the exact words, the place and the advice, parser by
/// parser.
#include "data/sources/csv_parser.hpp"
#include "data/sources/json_parser.hpp"
#include "data/sources/libsvm_parser.hpp"
#include "data/sources/lines_parser.hpp"
#include "tests/catch.hpp"
#include "tests/data/text_cells.hpp"

using namespace lockstep;
using namespace lockstep::data;
using lockstep::tests::columns;
using namespace std::string_view_literals;

namespace {

struct Malformed {
  std::string_view text;
  std::int64_t line, column;  // as a person counts, from 1
  std::string_view what;
  std::string_view advice;  // a part of it
};

/// Checks the problem that parsing the bad text behind `good` lines ends with.
void check(const Malformed& bad, const std::optional<ParseProblem>& problem) {
  CAPTURE(bad.text);
  REQUIRE(problem);
  CHECK(problem->what == bad.what);
  CHECK(problem->line + 1 == bad.line);
  CHECK(problem->column == bad.column);
  CHECK_THAT(problem->advice, has_text(std::string(bad.advice)));
  CHECK_FALSE(problem->advice.empty());
}

CsvRules with(const std::function<void(CsvRules&)>& change) {
  CsvRules rules;
  change(rules);
  return rules;
}

}  // namespace

TEST_CASE("malformed CSV is told in a person's words", "[data][csv][malformed]") {
  // Columns: a string, b declared DOUBLE, c declared INTEGER.
  const auto bad = GENERATE(values<Malformed>({
      {"x,1,2\ny,1\n", 2, 4, "2 fields instead of 3: y,1", "DROPMALFORMED"},
      {"x\n", 1, 2, "1 field instead of 3: x", "PERMISSIVE"},
      {"x,1,2,3\n", 1, 7, "more than 3 fields: x,1,2,3", "DROPMALFORMED"},
      {"x,1,2,\n", 1, 7, "more than 3 fields: x,1,2,", "DROPMALFORMED"},
      {"x,one,2\n", 1, 3, "column 'b': 'one' is not a number: x,one,2", "DROPMALFORMED"},
      {"x,\"1,5\",2\n", 1, 3, "column 'b': '1,5' is not a number: x,\"1,5\",2", "PERMISSIVE"},
      {"x,1,2\n\n\"p\nq\",1,2.5\n", 4, 6, "column 'c': '2.5' is not a whole number: q\",1,2.5",
       "DROPMALFORMED"},
      {"x,1,9007199254740993\n", 1, 5,
       "column 'c': '9007199254740993' is beyond 2^53: x,1,9007199254740993", "DROPMALFORMED"},
      {"x,1, \n", 1, 5, "column 'c': ' ' is not a whole number: x,1, ", "DROPMALFORMED"},
      {"x,0x10,2\n", 1, 3, "column 'b': '0x10' is not a number: x,0x10,2", "DROPMALFORMED"},
      {"5\" disk,1,2\n", 1, 2, "a quote inside a field without quotes: 5\" disk,1,2",
       "put the field in quotes"},
      {"x, \"1\",2\n", 1, 4, "a quote behind blanks: x, \"1\",2", "trim: true"},
      {"\"x\"y,1,2\n", 1, 4, "text behind a closing quote: \"x\"y,1,2", "double the quotes"},
      {"\"x\" ,1,2\n", 1, 4, "text behind a closing quote: \"x\" ,1,2", "double the quotes"},
      {"x,1,2\n\"y,1,2\nz,1,2\n", 2, 1, "a quote that is never closed: \"y,1,2", "quote: \"\""},
      {"x,1,\"2", 1, 5, "a quote that is never closed: x,1,\"2", "close it"},
      {"caf\xE9,1,2\n", 1, 4, "the byte \\xe9 is not UTF-8: caf\\xe9,1,2", "LATIN1"},
      {"\"caf\xE9\",1,2\n", 1, 5, "the byte \\xe9 is not UTF-8: \"caf\\xe9\",1,2", "LATIN1"},
      {"a\0b,1,2\n"sv, 1, 2, "a NUL byte in the text: a\\x00b,1,2", "UTF-16"},
      {"\xFF\xFEx\0,1,2\n"sv, 1, 1, "the byte \\xff is not UTF-8: \\xff\\xfex\\x00,1,2", "UTF-16"},
      {"x,1\r2,3\n", 1, 3, "column 'b': '1\\r2' is not a number: x,1\\r2,3", "DROPMALFORMED"},
  }));
  check(bad, parse_csv(bad.text, {}, columns("sDI")).problem);
}

TEST_CASE("malformed CSV under other rules", "[data][csv][malformed]") {
  const auto lines = with([](CsvRules& rules) { rules.multi_line = false; });
  check({"1,\"a\n2,b\n", 1, 3, "a quote that is not closed on its line: 1,\"a", "multi_line: true"},
        parse_csv("1,\"a\n2,b\n", lines, columns("is")).problem);
  const auto escape = with([](CsvRules& rules) { rules.escape = '\\'; });
  check({"1,\"a\n", 1, 3, "a quote that is not closed on its line: 1,\"a",
         "escape: the same as quote"},
        parse_csv("1,\"a\n", escape, columns("is")).problem);
  check({"1,\"a\"\"b\"\n", 1, 6, "text behind a closing quote: 1,\"a\"\"b\"", "escape the quotes"},
        parse_csv("1,\"a\"\"b\"\n", escape, columns("is")).problem);
  const auto comment = with([](CsvRules& rules) { rules.comment = '#'; });
  check({"1,a\n# 5\" disk\n", 2, 4, "a comment with an unpaired quote: # 5\" disk",
         "take the quote out"},
        parse_csv("1,a\n# 5\" disk\n", comment, columns("is")).problem);
  check({"yes\n", 1, 1, "column 'a': 'yes' is neither true nor false: yes", "DROPMALFORMED"},
        parse_csv("yes\n", {}, columns("B")).problem);
  std::string wide(200, 'x');
  wide += ",1\n";
  check({wide, 1, 203, "2 fields instead of 3: ..." + std::string(58, 'x') + ",1", "PERMISSIVE"},
        parse_csv(wide, {}, columns("sss")).problem);
}

TEST_CASE("malformed libsvm is told in a person's words", "[data][libsvm][malformed]") {
  const auto bad = GENERATE(values<Malformed>({
      {"x 3:1", 1, 1, "the label 'x' is not a number", "a row looks like"},
      {"1 1:1\n\n2 3:1 2:1\n", 3, 7, "index 2 comes after index 3", "ascend strictly"},
      {"2 3:1 3:1", 1, 7, "index 3 comes twice", "ascend strictly"},
      {"3:1 4:1", 1, 1, "the row has no label before '3:1'", "a row looks like"},
      {"1 0:1", 1, 3, "index 0: indices start at 1", "zero_based: true"},
      {"1 3:", 1, 5, "the value '' of index 3 is not a number", "a row looks like"},
      {"1 3:1,2", 1, 5, "the value '1,2' of index 3 is not a number", "a row looks like"},
      {"1 3", 1, 3, "'3' is not index:value", "a row looks like"},
      {"1 -3:4", 1, 3, "'-3:4' is not index:value", "a row looks like"},
      {"1 4294967296:1", 1, 3, "the index 4294967296 is too large", "a row looks like"},
      {"nan 1:1", 1, 1, "a NaN in the data: the label is 'nan'", "remove the row"},
      {"1 2:inf", 1, 5, "an infinite number in the data: the value of index 2 is 'inf'",
       "replace the value"},
      {"\x1f\x8b\x01", 1, 1, "the label '\\x1f\\x8b\\x01' is not a number", "a row looks like"},
  }));
  check(bad, parse_libsvm(bad.text, {}).problem);
}

TEST_CASE("malformed lines are told in a person's words", "[data][lines][malformed]") {
  check({"a\ncaf\xE9\n", 2, 4, "the byte \\xe9 is not UTF-8: caf\\xe9", "LATIN1"},
        parse_lines("a\ncaf\xE9\n").problem);
  check({"a\0b\n"sv, 1, 2, "a NUL byte in the text: a\\x00b", "UTF-16"},
        parse_lines("a\0b\n"sv).problem);
  const TextColumn declared{"label", CellType::Double, true};
  check({"1\ta\n\nno tab\n", 3, 1, "a line without a tab: no tab", "label, tab, text"},
        parse_labelled_lines("1\ta\n\nno tab\n", declared).problem);
  check({"x\ta\n", 1, 1, "column 'label': 'x' is not a number", "label, tab, text"},
        parse_labelled_lines("x\ta\n", declared).problem);
  check({"1\t\xC3\n", 1, 3, "the byte \\xc3 is not UTF-8: 1\\t\\xc3", "LATIN1"},
        parse_labelled_lines("1\t\xC3\n", declared).problem);
}

TEST_CASE("malformed JSON is told in a person's words", "[data][json][malformed]") {
  // Columns: a string, b declared DOUBLE, c declared INTEGER, d declared BOOLEAN.
  const auto bad = GENERATE(values<Malformed>({
      {"{\"b\": 1}\n[1, 2]\n", 2, 1, "not a JSON object: [1, 2]", "one JSON object"},
      {"5", 1, 1, "not a JSON object: 5", "one JSON object"},
      {"hello", 1, 1, "not JSON: hello", "one JSON object"},
      {"{\"b\": 1", 1, 8, "the line ends inside the JSON: {\"b\": 1", "one JSON object"},
      {"{", 1, 2, "the line ends inside the JSON: {", "one JSON object"},
      {"{\"b\": 1,}", 1, 9, "not JSON: {\"b\": 1,}", "one JSON object"},
      {"{\"b\": 1} {\"b\": 2}", 1, 10, "not JSON: {\"b\": 1} {\"b\": 2}", "one JSON object"},
      {"{b: 1}", 1, 2, "not JSON: {b: 1}", "one JSON object"},
      {"{'b': 1}", 1, 2, "not JSON: {'b': 1}", "one JSON object"},
      {"{\"b\": NaN}", 1, 7, "not JSON: {\"b\": NaN}", "write null"},
      {"{\"b\": 1e999}", 1, 11, "the number 1e999 is too large: {\"b\": 1e999}", "1.8e308"},
      {"{\"b\": \"1\"}", 1, 7, "column 'b': '\"1\"' is not a number: {\"b\": \"1\"}",
       "DROPMALFORMED"},
      {"{\"z\": {\"b\": 0}, \"c\": 1.5}", 1, 22,
       "column 'c': '1.5' is not a whole number: {\"z\": {\"b\": 0}, \"c\": 1.5}", "PERMISSIVE"},
      {"{\"d\": 1}", 1, 7, "column 'd': '1' is neither true nor false: {\"d\": 1}",
       "DROPMALFORMED"},
      {"{\"a\": [1]}", 1, 7, "member 'a' is a list: {\"a\": [1]}", "cells are numbers"},
      {"{\"a\": {\"x\": 1}}", 1, 7, "member 'a' is an object: {\"a\": {\"x\": 1}}",
       "cells are numbers"},
      {"{\"a\": \"x:y\", \"a\": 2}", 1, 19, "member 'a' comes twice: {\"a\": \"x:y\", \"a\": 2}",
       "leave one"},
      {"{\"a\": \"caf\xE9\"}", 1, 11, "the byte \\xe9 is not UTF-8: {\"a\": \"caf\\xe9\"}",
       "LATIN1"},
      {"{\"a\": \"\0\"}"sv, 1, 8, "a NUL byte in the text: {\"a\": \"\\x00\"}", "UTF-16"},
  }));
  check(bad, parse_json_lines(bad.text, columns("sDIB"), true, proto::FAILFAST).problem);
}
