#include "data/sources/lines_parser.hpp"

#include "tests/catch.hpp"
#include "tests/data/text_cells.hpp"

using namespace lockstep::data;
using namespace lockstep::tests;
using namespace std::string_literals;
using enum CellType;

namespace {

TextRows labelled(std::string_view text, CellType type, bool declared = false) {
  return parse_labelled_lines(text, {"label", type, declared});
}

Rows labelled_cells(std::string_view text, CellType type) {
  const TextRows parsed = labelled(text, type);
  REQUIRE_FALSE(parsed.problem);
  return cells(parsed, {{"label", type}, {"text", String}});
}

}  // namespace

TEST_CASE("lines: every line is a row, empty ones too", "[data][lines]") {
  const auto parsed = parse_lines("a b\n\n, \"c\"\t\nlast");
  REQUIRE_FALSE(parsed.problem);
  CHECK(cells(parsed, columns("s")) == Rows{"[a b]", "[]", "[, \"c\"\t]", "[last]"});
  CHECK(parsed.lines == 3);
  CHECK(parsed.seen == std::vector{String});
}

TEST_CASE("lines: LF and CR LF end a line, a CR alone does not", "[data][lines]") {
  CHECK(cells(parse_lines("a\r\nb\r\r\n\r\nc\rd\n"), columns("s")) ==
        Rows{"[a]", "[b\r]", "[]", "[c\rd]"});
}

TEST_CASE("lines: how the text ends makes no row", "[data][lines]") {
  CHECK(parse_lines("").rows.rows() == 0);
  CHECK(parse_lines("a\n").rows.rows() == 1);
  CHECK(parse_lines("a").rows.rows() == 1);
  CHECK(parse_lines("a").lines == 0);
  CHECK(parse_lines("\n").rows.rows() == 1);
}

TEST_CASE("lines: a line of 10 MB is a row", "[data][lines]") {
  const std::string line(10 << 20, 'x');
  const auto parsed = parse_lines(line + "\n" + line);
  REQUIRE(parsed.rows.rows() == 2);
  CHECK(parsed.rows.row(1).size() > line.size());
}

TEST_CASE("labelled lines: the label, and all behind the first tab", "[data][lines]") {
  CHECK(labelled_cells("1\tfirst\n-2.5\tsecond\tpart\n\t none\n3\t\n", Double) ==
        Rows{"1|[first]", "-2.5|[second\tpart]", "-|[ none]", "3|[]"});
  CHECK(labelled_cells("spam\tbuy\nham\thello\r\n\tnone", String) ==
        Rows{"[spam]|[buy]", "[ham]|[hello]", "-|[none]"});
  CHECK(labelled_cells("TRUE\ta\nfalse\tb", Boolean) == Rows{"1|[a]", "0|[b]"});
  CHECK(labelled_cells(" 7 \ta", Integer) == Rows{"7|[a]"});
}

TEST_CASE("labelled lines: blank lines are no rows", "[data][lines]") {
  const auto parsed = labelled("\n1\ta\n \t \r\n\n2\tb", Integer);
  REQUIRE_FALSE(parsed.problem);
  CHECK(parsed.rows.rows() == 2);
  CHECK(parsed.lines == 4);
}

TEST_CASE("labelled lines: what the labels are is seen", "[data][lines]") {
  CHECK(labelled("1\ta\n2\tb", Unknown).seen[0] == Integer);
  CHECK(labelled("1\ta\n2.5\tb", Unknown).seen[0] == Double);
  CHECK(labelled("1\ta\nx\tb", Unknown).seen[0] == String);
  CHECK(labelled("\ta\n", Unknown).seen[0] == Unknown);
  const auto wider = labelled("1\ta\nx\tb\n2\tc", Integer);
  REQUIRE_FALSE(wider.problem);
  CHECK(wider.seen[0] == String);
  CHECK(wider.rows.rows() == 3);
  const auto declared = labelled("1\ta\nx\tb\n2\tc", Integer, true);
  REQUIRE(declared.problem);
  CHECK(declared.problem->line == 1);
  CHECK(declared.rows.rows() == 1);
}
