#include "data/sources/json_parser.hpp"

#include "tests/catch.hpp"
#include "tests/data/text_cells.hpp"

using namespace lockstep;
using namespace lockstep::data;
using namespace lockstep::tests;
using enum CellType;

namespace {

Rows parsed_cells(std::string_view text, const std::string& letters,
                  proto::BadRows mode = proto::FAILFAST) {
  const auto parsed = parse_json_lines(text, columns(letters), true, mode);
  REQUIRE_FALSE(parsed.problem);
  return cells(parsed, columns(letters));
}

std::vector<CellType> seen(std::string_view text, const std::string& letters) {
  const auto parsed = parse_json_lines(text, columns(letters), true, proto::FAILFAST);
  REQUIRE_FALSE(parsed.problem);
  return parsed.seen;
}

}  // namespace

TEST_CASE("json: members are cells, in any order; null and absent are missing", "[data][json]") {
  CHECK(parsed_cells("{\"a\": 1, \"b\": \"x\", \"c\": true}\n"
                     "{\"c\": false, \"a\": -2.5e1}\r\n"
                     "\n  \n"
                     " {\"b\": null, \"z\": 5, \"a\": 0}",
                     "dsb") == Rows{"1|[x]|1", "-25|-|0", "0|-|-"});
}

TEST_CASE("json: strings are unescaped and stay strings", "[data][json]") {
  CHECK(parsed_cells(R"({"a": "q\"\\\/\n\u00fc\ud83d\ude42", "b": "12"})"
                     "\n{\"a\": \"ü\", \"b\": \"\"}",
                     "ss") == Rows{"[q\"\\/\nü🙂]|[12]", "[ü]|[]"});
  CHECK(seen("{\"a\": \"12\"}", "u") == std::vector{String});
}

TEST_CASE("json: types are found out", "[data][json]") {
  CHECK(seen("{\"a\": 1, \"b\": 1.0, \"c\": true, \"d\": \"x\", \"e\": null}", "uuuuu") ==
        std::vector{Integer, Double, Boolean, String, Unknown});
  CHECK(seen("{\"a\": 1, \"b\": 1, \"c\": true}\n{\"a\": 0.5, \"b\": true, \"c\": \"x\"}", "uuu") ==
        std::vector{Double, String, String});
  CHECK(seen("{\"a\": 9007199254740992, \"b\": 9007199254740993}", "uu") ==
        std::vector{Integer, String});
  CHECK(seen("{\"a\": -9007199254740992, \"b\": -9007199254740993}", "uu") ==
        std::vector{Integer, String});
  CHECK(seen("{\"a\": 123456789012345678901234567890}", "u") == std::vector{String});
}

TEST_CASE("json: a string column has numbers and booleans as their text", "[data][json]") {
  CHECK(parsed_cells("{\"a\": 1}\n{\"a\": 2.50}\n{\"a\": true}\n{\"a\": 9007199254740993}\n"
                     "{\"a\": 123456789012345678901234567890}\n{\"a\": -3}",
                     "s") == Rows{"[1]", "[2.50]", "[true]", "[9007199254740993]",
                                  "[123456789012345678901234567890]", "[-3]"});
  CHECK(parsed_cells("{\"a\": 7}", "S") == Rows{"[7]"});
}

TEST_CASE("json: what contradicts a type that was found out only widens it", "[data][json]") {
  const auto parsed = parse_json_lines("{\"a\": 1}\n{\"a\": \"x\"}\n{\"a\": 2}", columns("i"), true,
                                       proto::FAILFAST);
  REQUIRE_FALSE(parsed.problem);
  CHECK(parsed.seen == std::vector{String});
  CHECK(cells(parsed, columns("i")) == Rows{"1", "-", "2"});
  CHECK(parsed.bad_rows == 0);
}

TEST_CASE("json: declared columns take what means the same", "[data][json]") {
  CHECK(parsed_cells("{\"a\": 7.0, \"b\": \"NaN\"}\n{\"a\": 7, \"b\": \"-Infinity\"}\n{\"b\": "
                     "12345678901234567890}",
                     "ID") == Rows{"7|nan", "7|-inf", "-|1.2345678901234567e+19"});
}

TEST_CASE("json: members that are no columns are named, if others are wanted", "[data][json]") {
  const std::string text =
      "{\"z\": 1, \"a\": 2}\n{\"m\": {}, \"y\": null, \"b\": [1, {\"a\": 5}], \"z\": 1}\n";
  const auto all = parse_json_lines(text, columns("i"), true, proto::FAILFAST);
  REQUIRE_FALSE(all.problem);
  CHECK(all.names.empty());
  CHECK(cells(all, columns("i")) == Rows{"2", "-"});
  const auto flat = parse_json_lines("{\"z\": 1, \"a\": 2}\n{\"y\": null, \"b\": \"\"}",
                                     columns("i"), false, proto::FAILFAST);
  REQUIRE_FALSE(flat.problem);
  CHECK(flat.names == std::vector<std::string>{"b", "y", "z"});
}

TEST_CASE("json: a nested value is a bad row, unless it is not wanted", "[data][json]") {
  const std::string text = "{\"a\": 1, \"z\": [1, 2]}\n";
  const auto failed = parse_json_lines(text, columns("i"), false, proto::FAILFAST);
  REQUIRE(failed.problem);
  CHECK(failed.problem->what == "member 'z' is a list: {\"a\": 1, \"z\": [1, 2]}");
  const auto kept = parse_json_lines(text, columns("i"), false, proto::PERMISSIVE);
  CHECK(kept.bad_rows == 1);
  CHECK(kept.names.empty());
  CHECK(cells(kept, columns("i")) == Rows{"1"});
}

TEST_CASE("json: bad rows are dropped or kept with what could be read", "[data][json]") {
  const std::string text =
      "{\"a\": 1, \"b\": 2}\n{\"a\": 3, \"b\": \"x\"}\n{\"a\": 4,\n[5]\n{\"a\": {}, \"b\": 6}\n"
      "{\"a\": 7, \"a\": 8, \"b\": 9}\n";
  const auto dropped = parse_json_lines(text, columns("ID"), true, proto::DROPMALFORMED);
  REQUIRE_FALSE(dropped.problem);
  CHECK(cells(dropped, columns("ID")) == Rows{"1|2"});
  CHECK(dropped.bad_rows == 5);
  CHECK(dropped.lines == 6);
  REQUIRE(dropped.examples.size() == 3);
  CHECK(dropped.examples[0].line == 1);
  CHECK(dropped.examples[2].line == 3);
  const auto kept = parse_json_lines(text, columns("ID"), true, proto::PERMISSIVE);
  CHECK(cells(kept, columns("ID")) == Rows{"1|2", "3|-", "-|-", "-|-", "-|6", "7|9"});
  CHECK(kept.bad_rows == 5);
  const auto failed = parse_json_lines(text, columns("ID"), true, proto::FAILFAST);
  REQUIRE(failed.problem);
  CHECK(failed.problem->line == 1);
  CHECK(failed.lines == 1);
  CHECK(failed.rows.rows() == 1);
}

TEST_CASE("json: a dropped row has no say in types and names", "[data][json]") {
  const auto parsed =
      parse_json_lines("{\"a\": 1, \"b\": 1}\n{\"a\": \"x\", \"n\": 1, \"b\": \"bad\"}\n",
                       columns("uD"), false, proto::DROPMALFORMED);
  CHECK(parsed.seen == std::vector{Integer, Double});
  CHECK(parsed.names.empty());
}

TEST_CASE("json: deep nesting that is not wanted is passed over", "[data][json]") {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "[";
  for (int i = 0; i < 100000; ++i) deep += "]";
  CHECK(parsed_cells("{\"z\": " + deep + ", \"a\": 1}", "i") == Rows{"1"});
}
