#include "data/sources/csv_parser.hpp"

#include <random>

#include "core/error.hpp"
#include "tests/catch.hpp"
#include "tests/data/text_cells.hpp"

using namespace lockstep;
using namespace lockstep::data;
using namespace lockstep::tests;
using enum CellType;

namespace {

Rows parsed_cells(std::string_view text, const std::string& letters, const CsvRules& rules = {}) {
  const auto parsed = parse_csv(text, rules, columns(letters));
  if (parsed.problem) FAIL(parsed.problem->what);
  return cells(parsed, columns(letters));
}

std::vector<CellType> seen(std::string_view text, const std::string& letters) {
  const auto parsed = parse_csv(text, {}, columns(letters));
  if (parsed.problem) FAIL(parsed.problem->what);
  return parsed.seen;
}

CsvRules rules(const std::string& text) {
  proto::CsvSource config;
  for (const char c : text) {
    if (c == 't') config.set_trim(true);
    if (c == '#') config.set_comment("#");
    if (c == '\\') config.set_escape("\\");
    if (c == '1') config.set_multi_line(false);
    if (c == ';') config.set_sep(";");
    if (c == '0') config.set_quote("");
    if (c == 'd') config.set_mode(proto::DROPMALFORMED);
    if (c == 'p') config.set_mode(proto::PERMISSIVE);
  }
  return rules_of(config, "csv");
}

}  // namespace

TEST_CASE("csv: fields are cells", "[data][csv]") {
  CHECK(parsed_cells("1,2.5,true,x y\n-3,1e5,FALSE,\n", "idbs") ==
        Rows{"1|2.5|1|[x y]", "-3|100000|0|-"});
  CHECK(parsed_cells("7,a", "is") == Rows{"7|[a]"});
  CHECK(parse_csv("", {}, columns("is")).rows.rows() == 0);
  CHECK(parse_csv("a,b\nc,d\n", {}, columns("ss")).lines == 2);
  CHECK(parse_csv("a,b\nc,d", {}, columns("ss")).lines == 1);
}

TEST_CASE("csv: RFC 4180's quotes", "[data][csv]") {
  CHECK(parsed_cells("\"a,b\",\"say \"\"hi\"\"\"\n\"line\nend\",\"\"\"\"\n\"\"\"x\",\"y\"\"\"",
                     "ss") == Rows{"[a,b]|[say \"hi\"]", "[line\nend]|[\"]", "[\"x]|[y\"]"});
}

TEST_CASE("csv: LF and CR LF end lines; a CR alone is text", "[data][csv]") {
  CHECK(parsed_cells("1,a\r\n2,\"b\"\r\n3,\r\n4,c\rd\n5,\"e\r\nf\"\r\n", "is") ==
        Rows{"1|[a]", "2|[b]", "3|-", "4|[c\rd]", "5|[e\r\nf]"});
  CHECK(parsed_cells("a,1\r\nb,-2.5\r\nc,\r\n", "sd") == Rows{"[a]|1", "[b]|-2.5", "[c]|-"});
}

TEST_CASE("csv: an empty field is missing, a quoted one is an empty text", "[data][csv]") {
  CHECK(parsed_cells(",,\n\"\",\"\",\"\"\n", "sdu") == Rows{"-|-|-", "[]|-|[]"});
  CHECK(seen(",\n\"\",\"\"\n", "uu") == std::vector{Unknown, Unknown});
}

TEST_CASE("csv: blank lines are no rows, in one column either", "[data][csv]") {
  CHECK(parsed_cells("\n1\n  \t\n\r\n\"\"\n2\n\n", "i") == Rows{"1", "-", "2"});
  CHECK(parse_csv("\n1\n\n2", {}, columns("i")).lines == 3);
  CsvRules tabs;
  tabs.sep = '\t';
  CHECK(parsed_cells("\t\n  \n1\t\n", "ii", tabs) == Rows{"-|-", "1|-"});
}

TEST_CASE("csv: comments are skipped, at the start of a line only", "[data][csv]") {
  CHECK(parsed_cells("# one, \"two\"\n1,#a\n#\n2,b#\n#end", "is", rules("#")) ==
        Rows{"1|[#a]", "2|[b#]"});
  CHECK(parsed_cells("#1,a\n", "ss") == Rows{"[#1]|[a]"});
}

TEST_CASE("csv: null values are missing, quoted or not, whatever the column", "[data][csv]") {
  CsvRules given;
  given.null_values = {"NA", "?", "-999"};
  CHECK(parsed_cells("NA,NA,NA\n?,\"?\",\"?\"\n-999,-999,-999\n-999.0,NAN,NA2\r\n1,1,-999\r\n",
                     "dds", given) == Rows{"-|-|-", "-|-|-", "-|-|-", "-999|nan|[NA2]", "1|1|-"});
  given.null_values = {""};
  CHECK(parsed_cells("\"\",\"\"\n", "sd", given) == Rows{"-|-"});
  given.null_values = {"0"};
  CHECK(parsed_cells("0,0\n", "id", given) == Rows{"-|-"});
}

TEST_CASE("csv: blanks matter in text without trim, and never around numbers", "[data][csv]") {
  CHECK(parsed_cells(" 1 , a ,\t2.5\n", "isd") == Rows{"1|[ a ]|2.5"});
  CHECK(parsed_cells(" 1 , a ,\t2.5, \n \"x \" ,  \"1\"\t, 3 ,\"\"\r\n", "ssds", rules("t")) ==
        Rows{"[1]|[a]|2.5|-", "[x ]|[1]|3|[]"});
  CHECK(parsed_cells("a ,b \r\n", "ss", rules("t")) == Rows{"[a]|[b]"});
}

TEST_CASE("csv: another escape than the quote", "[data][csv]") {
  CHECK(parsed_cells("\"a\\\"b\",\"c\\\\\"\n\"d\\n\",e\\f\n", "ss", rules("\\")) ==
        Rows{"[a\"b]|[c\\]", "[d\\n]|[e\\f]"});
}

TEST_CASE("csv: without quotes a quote is text", "[data][csv]") {
  CHECK(parsed_cells("5\" disk,\"x\n", "ss", rules("0")) == Rows{"[5\" disk]|[\"x]"});
}

TEST_CASE("csv: types are found out", "[data][csv]") {
  CHECK(seen("1,1.5,true,x,,007,9007199254740993,nan\n2,3,False,4,,8,1,1\n", "uuuuuuuu") ==
        std::vector{Integer, Double, Boolean, String, Unknown, String, String, Double});
  CHECK(seen("\"1\", 2 ,\"true\"\n", "uuu") == std::vector{Integer, Integer, Boolean});
  CHECK(seen("1\ntrue\n", "u") == std::vector{String});
  CHECK(seen("1,\n ,x\n", "uu") == std::vector{String, String});
}

TEST_CASE("csv: what contradicts a type that was found out only widens it", "[data][csv]") {
  const auto parsed = parse_csv("1,1\n2.5,007\n3,x\n\" 4\",5\n", {}, columns("ii"));
  REQUIRE_FALSE(parsed.problem);
  CHECK(parsed.seen == std::vector{Double, String});
  CHECK(cells(parsed, columns("ii")) == Rows{"1|1", "-|-", "3|-", "4|5"});
  CHECK(parsed.bad_rows == 0);
  CHECK(seen("007\n", "d") == std::vector{String});
  CHECK(seen("12345678901234567890\n", "d") == std::vector{String});
  CHECK(seen("0.12345678901234567890\n", "d") == std::vector{Double});
}

TEST_CASE("csv: declared columns take leading zeros and long numbers", "[data][csv]") {
  CHECK(parsed_cells("007,12345678901234567890,TRUE,007\n", "IDBS") ==
        Rows{"7|1.2345678901234567e+19|1|[007]"});
}

TEST_CASE("csv: bad rows are dropped", "[data][csv]") {
  const std::string text =
      "1,a\n2\n3,b,c\nx,d\n4,e\"f\"\n5,\"g\"h\n6,\"i\nj\"\n7,\xFF\n8,k\n9,\"open\nline\n";
  const auto parsed = parse_csv(text, rules("d"), columns("Is"));
  REQUIRE_FALSE(parsed.problem);
  CHECK(cells(parsed, columns("Is")) == Rows{"1|[a]", "6|[i\nj]", "8|[k]"});
  CHECK(parsed.bad_rows == 7);
  CHECK(parsed.lines == 12);
  REQUIRE(parsed.examples.size() == kMostExamples);
  CHECK(parsed.examples[0].line == 1);
  CHECK(parsed.examples[1].line == 2);
  CHECK(parsed.examples[2].line == 3);
}

TEST_CASE("csv: bad rows are kept with what could be read", "[data][csv]") {
  const std::string text =
      "1,a,1\n2\n3,b,2,c\nx,d,y\n4,e\"f\",3\n5,\"g\"h,4\n6,\xFF,5\n7,k,6\n8,\"open,9\nline,5\n";
  const auto parsed = parse_csv(text, rules("p"), columns("IsD"));
  REQUIRE_FALSE(parsed.problem);
  CHECK(cells(parsed, columns("IsD")) == Rows{"1|[a]|1", "2|-|-", "3|[b]|2", "-|[d]|-", "4|-|-",
                                              "5|-|-", "6|-|5", "7|[k]|6", "8|-|-"});
  CHECK(parsed.bad_rows == 7);
  CHECK(parsed.lines == 10);
}

TEST_CASE("csv: a dropped row has no say in types", "[data][csv]") {
  CHECK(parse_csv("1,1\nx,2,3\n4,5\n", rules("d"), columns("uu")).seen ==
        std::vector{Integer, Integer});
  CHECK(parse_csv("1,1\nx,2,3\n4,5\n", rules("p"), columns("uu")).seen ==
        std::vector{String, Integer});
}

TEST_CASE("csv: the rows before the one that ends a piece are there", "[data][csv]") {
  const auto parsed = parse_csv("1,a\n2,b\n3\n4,d\n", {}, columns("is"));
  REQUIRE(parsed.problem);
  CHECK(parsed.problem->line == 2);
  CHECK(cells(parsed, columns("is")) == Rows{"1|[a]", "2|[b]"});
}

TEST_CASE("csv: lines are counted inside quotes too", "[data][csv]") {
  const auto parsed = parse_csv("\"a\n\n\",1\n# x\n\n\"b\nc\",x\n", rules("#"), columns("sD"));
  REQUIRE(parsed.problem);
  CHECK(parsed.problem->line == 6);
  CHECK(parsed.problem->column == 4);
}

TEST_CASE("csv: without multi_line a bad quote spoils its own line only", "[data][csv]") {
  const auto parsed = parse_csv("1,\"a\n2,b\n3,\"c\"\n", rules("1d"), columns("is"));
  REQUIRE_FALSE(parsed.problem);
  CHECK(cells(parsed, columns("is")) == Rows{"2|[b]", "3|[c]"});
  CHECK(parsed.bad_rows == 1);
}

TEST_CASE("csv: 20480 columns and a field of 10 MB", "[data][csv]") {
  std::string text = "0";
  for (int c = 1; c < 20480; ++c) text += "," + std::to_string(c);
  const std::string letters(20480, 'i');
  const auto wide = parse_csv(text + "\n" + text, {}, columns(letters));
  REQUIRE_FALSE(wide.problem);
  CHECK(wide.rows.rows() == 2);
  CHECK(wide.rows.row(1).size() == 20480 * sizeof(double));
  const std::string field(10 << 20, 'x');
  const auto longest = parse_csv("1,\"" + field + "\"\"\n\"\n2,y", {}, columns("is"));
  REQUIRE_FALSE(longest.problem);
  CHECK(longest.rows.rows() == 2);
  CHECK(longest.lines == 2);
}

TEST_CASE("csv: numbers in columns are the nearest doubles", "[data][csv][property]") {
  std::mt19937_64 bits(3);
  for (int i = 0; i < 5000; ++i) {
    const double value =
        static_cast<double>(static_cast<std::int64_t>(bits())) * (i % 2 == 0 ? 1e-12 : 1e-25);
    const std::string text = fmt::format("{},{:.{}f}\r\n", value, value, i % 17);
    const auto row = parsed_cells(text, "dd")[0];
    const double rounded = std::stod(fmt::format("{:.{}f}", value, i % 17));
    if (std::abs(rounded) > 9e15) continue;
    CHECK(row == fmt::format("{}|{}", value, rounded));
  }
}

TEST_CASE("csv: the header names the columns", "[data][csv]") {
  const auto header = [](std::string_view text, const CsvRules& given = {}, bool there = true) {
    return read_csv_header(text, given, there);
  };
  const auto plain = header("a,\"b,c\",d e\r\n1,2,3\n");
  CHECK(plain.names == std::vector<std::string>{"a", "b,c", "d e"});
  CHECK(plain.bytes == 13);
  CHECK(plain.lines == 1);
  CHECK_FALSE(plain.problem);
  const auto behind = header("# note\n\n\xC3\xBC,\"x\ny\"\n1,2\n", rules("#"));
  CHECK(behind.names == std::vector<std::string>{"ü", "x\ny"});
  CHECK(behind.lines == 4);
  const auto marked = header(
      "\xEF\xBB\xBF"
      "a,b\n1,2\n");
  CHECK(marked.names == std::vector<std::string>{"a", "b"});
  CHECK(marked.bytes == 7);
  const auto alone = header("a,b");
  CHECK(alone.names.size() == 2);
  CHECK(alone.bytes == 3);
  CHECK(alone.lines == 0);
  CHECK(header("").names.empty());
  CHECK(header("\n\n").names.empty());
  CHECK(header(" a , b ", rules("t")).names == std::vector<std::string>{"a", "b"});
}

TEST_CASE("csv: columns without a name of their own get a number", "[data][csv]") {
  CHECK(read_csv_header("a,,a,b,\"\"\n", {}, true).names ==
        std::vector<std::string>{"a0", "_c1", "a2", "b", "_c4"});
  CHECK(read_csv_header("a,a,a1\n", {}, true).names == std::vector<std::string>{"a0", "a1_", "a1"});
  const auto none = read_csv_header("1,2,3\n4,5,6\n", {}, false);
  CHECK(none.names == std::vector<std::string>{"_c0", "_c1", "_c2"});
  CHECK(none.bytes == 0);
  CHECK(none.lines == 0);
}

TEST_CASE("csv: a header that cannot be read is a problem", "[data][csv]") {
  const auto open = read_csv_header("a,\"b\nc", {}, true);
  REQUIRE(open.problem);
  CHECK(open.problem->column == 3);
  CHECK_THAT(open.problem->what, has_text("never closed"));
  const auto utf16 = read_csv_header(std::string_view("\xFF\xFE"
                                                      "a\0,\0b\0\n\0",
                                                      10),
                                     {}, true);
  REQUIRE(utf16.problem);
  CHECK(utf16.problem->column == 1);
  const auto old_mac = read_csv_header("a,b\r1,2\r3,4\r", {}, true);
  REQUIRE(old_mac.problem);
  CHECK_THAT(old_mac.problem->what, has_text("carriage returns"));
}

TEST_CASE("csv: a place is inside quotes by their number", "[data][csv]") {
  CHECK_FALSE(ends_inside_quotes("a,b", false, {}));
  CHECK(ends_inside_quotes("a,\"b", false, {}));
  CHECK_FALSE(ends_inside_quotes("a,\"b", true, {}));
  CHECK_FALSE(ends_inside_quotes("\"a\"\"b\"", false, {}));
  CHECK_FALSE(ends_inside_quotes("a,\"b", false, rules("1")));
  CHECK_FALSE(ends_inside_quotes("a,\"b", true, rules("\\")));
  const std::string many(1001, '"');
  CHECK(ends_inside_quotes(many, false, {}));
}

TEST_CASE("csv: the next record starts behind a line end outside quotes", "[data][csv]") {
  CHECK(first_record_begin("ab\ncd\n", false, {}) == 3);
  CHECK(first_record_begin("a\"\nb\"\nc", false, {}) == 6);
  CHECK(first_record_begin("a\nb\"\nc", true, {}) == 5);
  CHECK(first_record_begin("a\nb\"\nc", true, rules("1")) == 2);
  CHECK(first_record_begin("abc", false, {}) == 3);
  CHECK(first_record_begin("a\"\nb", false, {}) == 4);
  CHECK(first_record_begin("", true, {}) == 0);
}

TEST_CASE("csv: where a file is cut does not matter", "[data][csv][property]") {
  std::mt19937_64 bits(GENERATE(range(1, 30)));
  const std::string alphabet = "a1,\"\n\r.";
  std::string text;
  for (int i = 0; i < 300; ++i) text += alphabet[bits() % alphabet.size()];
  for (const char* mode : {"d", "p", "d1", "p1"}) {
    const CsvRules given = rules(mode);
    const auto whole = parse_csv(text, given, columns("su"));
    for (std::size_t at = 0; at <= text.size(); ++at) {
      const bool inside = ends_inside_quotes(text.substr(0, at), false, given);
      const std::size_t cut = at + first_record_begin(text.substr(at), inside, given);
      const auto left = parse_csv(text.substr(0, cut), given, columns("su"));
      const auto right = parse_csv(text.substr(cut), given, columns("su"));
      auto both = cells(left, columns("su"));
      for (const auto& row : cells(right, columns("su"))) both.push_back(row);
      REQUIRE(both == cells(whole, columns("su")));
      REQUIRE(left.lines + right.lines == whole.lines);
      REQUIRE(left.bad_rows + right.bad_rows == whole.bad_rows);
    }
  }
}

TEST_CASE("csv: rules come from the config, and their clashes are told", "[data][csv]") {
  proto::CsvSource config;
  const CsvRules usual = rules_of(config, "data.train.csv");
  CHECK(usual.sep == ',');
  CHECK(usual.quote == '"');
  CHECK(usual.escape == '"');
  CHECK(usual.comment == '\0');
  CHECK(usual.mode == proto::FAILFAST);
  CHECK(usual.records_span_lines());
  config.set_sep("\t");
  config.set_comment("%");
  CHECK(rules_of(config, "csv").sep == '\t');
  struct Clash {
    const char *sep, *quote, *escape, *comment, *field;
  };
  const auto clash = GENERATE(values<Clash>({{"::", "\"", "\"", "", "csv.sep"},
                                             {"", "\"", "\"", "", "csv.sep"},
                                             {"\n", "\"", "\"", "", "csv.sep"},
                                             {"5", "\"", "\"", "", "csv.sep"},
                                             {".", "\"", "\"", "", "csv.sep"},
                                             {"§", "\"", "\"", "", "csv.sep"},
                                             {",", ",", "\"", "", "csv.quote"},
                                             {",", "''", "\"", "", "csv.quote"},
                                             {",", "\"", ",", "", "csv.escape"},
                                             {",", "\"", "\"", ",", "csv.comment"},
                                             {",", "\"", "\"", "\"", "csv.comment"},
                                             {",", "\"", "\"", "//", "csv.comment"}}));
  config.set_sep(clash.sep);
  config.set_quote(clash.quote);
  config.set_escape(clash.escape);
  config.set_comment(clash.comment);
  try {
    (void)rules_of(config, "csv");
    FAIL("no error for " << clash.field);
  } catch (const ConfigError& error) {
    CHECK(error.where().field == clash.field);
  }
}
