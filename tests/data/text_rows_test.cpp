#include "data/sources/text_rows.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include "tests/catch.hpp"

using namespace lockstep::data;
using namespace std::string_literals;
using enum CellType;

namespace {

CellType type_of(std::string_view text) {
  double value = 0;
  return type_of_cell(text, value);
}

double number(std::string_view text) {
  double value = -77;
  REQUIRE(parse_number(text, value));
  return value;
}

}  // namespace

TEST_CASE("the types of cells widen and never narrow", "[data][text_rows]") {
  const auto types = {Unknown, Integer, Double, Boolean, String};
  for (const CellType a : types) {
    CHECK(join(a, a) == a);
    CHECK(join(a, Unknown) == a);
    CHECK(join(a, String) == String);
    for (const CellType b : types) {
      CHECK(join(a, b) == join(b, a));
      for (const CellType c : types) CHECK(join(join(a, b), c) == join(a, join(b, c)));
    }
  }
  CHECK(join(Integer, Double) == Double);
  CHECK(join(Integer, Boolean) == String);
  CHECK(join(Double, Boolean) == String);
}

TEST_CASE("a cell has the narrowest type that keeps all of it", "[data][text_rows]") {
  for (const char* text : {"0", "7", "-7", "+7", "-0", "9007199254740992"}) {
    CAPTURE(text);
    CHECK(type_of(text) == Integer);
  }
  for (const char* text : {"1.0", "1e5", "1E-5", ".5", "5.", "+.5", "-1.5e+3", "0.5", "00.5", "NaN",
                           "nan", "inf", "-inf", "Infinity", "-Infinity", "+inf", "1e999"}) {
    CAPTURE(text);
    CHECK(type_of(text) == Double);
  }
  for (const char* text : {"true", "false", "True", "FALSE", "tRuE"})
    CHECK(type_of(text) == Boolean);
  for (const char* text : {"007",
                           "00",
                           "-01",
                           "9007199254740993",
                           "99999999999999999999",
                           "0x10",
                           "1_000",
                           "1,5",
                           "1e",
                           "e1",
                           ".",
                           "-",
                           "+",
                           "+-1",
                           "1 2",
                           " 1",
                           "nan(1)",
                           "infinit",
                           "in",
                           "yes",
                           "truee",
                           "2020-01-01",
                           "1f",
                           "١"}) {
    CAPTURE(text);
    CHECK(type_of(text) == String);
  }
  CHECK(type_of("") == Unknown);
}

TEST_CASE("numbers are read whole and to the nearest double", "[data][text_rows]") {
  CHECK(number("0.1") == 0.1);
  CHECK(number("007") == 7);
  CHECK(number("+1") == 1);
  CHECK(number("99999999999999999999") == 1e20);
  CHECK(number("0.30000000000000004") == 0.1 + 0.2);
  CHECK(number("1e999") == std::numeric_limits<double>::infinity());
  CHECK(number("-1e999") == -std::numeric_limits<double>::infinity());
  CHECK(number("-iNf") == -std::numeric_limits<double>::infinity());
  CHECK(number("1e-999") == 0);
  CHECK(std::signbit(number("-0")));
  double value = 0;
  for (const char* text : {"", " ", "1 ", " 1", "1x", "--1", "+", "-", "e", "nan(2)", "0x1p3"})
    CHECK_FALSE(parse_number(text, value));
}

TEST_CASE("a NaN that is read is the same NaN always, and is not missing", "[data][text_rows]") {
  for (const char* text : {"nan", "NaN", "-nan", "+NAN"}) {
    CHECK(std::isnan(number(text)));
    CHECK_FALSE(is_missing(number(text)));
    CHECK(std::bit_cast<std::uint64_t>(number(text)) ==
          std::bit_cast<std::uint64_t>(number("nan")));
  }
}

TEST_CASE("a declared column is generous where no digit is lost", "[data][text_rows]") {
  double value = 0;
  CHECK(read_cell("007", {"a", Integer, true}, value) == Integer);
  CHECK(value == 7);
  CHECK(read_cell(" -7\t", {"a", Integer, true}, value) == Integer);
  CHECK(value == -7);
  CHECK(read_cell("9007199254740993", {"a", Integer, true}, value) == String);
  CHECK(read_cell("7.0", {"a", Integer, true}, value) == String);
  CHECK(read_cell("99999999999999999999", {"a", Double, true}, value) == Double);
  CHECK(value == 1e20);
  CHECK(read_cell(" TRUE", {"a", Boolean, true}, value) == Boolean);
  CHECK(value == 1);
  CHECK(read_cell("1", {"a", Boolean, true}, value) == String);
}

TEST_CASE("a column whose type is found out widens to what its cells need", "[data][text_rows]") {
  double value = 0;
  CHECK(read_cell("1.5", {"a", Integer, false}, value) == Double);
  CHECK(read_cell("007", {"a", Integer, false}, value) == String);
  CHECK(read_cell("007", {"a", Double, false}, value) == String);
  CHECK(read_cell("true", {"a", Double, false}, value) == String);
  CHECK(read_cell("  ", {"a", Double, false}, value) == String);
  CHECK(read_cell("3", {"a", Double, false}, value) == Double);
  CHECK(value == 3);
}

TEST_CASE("bad_byte finds NUL and everything Unicode forbids", "[data][text_rows]") {
  const auto good = std::string_view::npos;
  for (const char* text : {"", "plain", "zwölf Boxkämpfer", "\xF0\x9F\x99\x82", "\xEF\xBF\xBF",
                           "\xED\x9F\xBF\xEE\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CAPTURE(text);
    CHECK(bad_byte(text) == good);
  }
  const std::string before(100, 'x');
  const std::vector<std::string> bad{"\0"s,
                                     "\xFF",
                                     "\x80",
                                     "\xC0\x80",
                                     "\xC1\xBF",
                                     "\xE0\x80\x80",
                                     "\xED\xA0\x80",
                                     "\xF0\x80\x80\x80",
                                     "\xF4\x90\x80\x80",
                                     "\xF5\x80\x80\x80",
                                     "\xC3",
                                     "\xE2\x82",
                                     "\xC3(",
                                     "\xF0\x9F\x99"};
  for (const std::string& bytes : bad) {
    for (const std::size_t length : {0, 1, 31, 32, 33, 100}) {
      CAPTURE(bytes, length);
      CHECK(bad_byte(before.substr(0, length) + bytes + "tail") == length);
      CHECK(bad_byte("ü" + before.substr(0, length) + bytes) == length + 2);
    }
  }
}

TEST_CASE("an excerpt is short, shows its place and is printable", "[data][text_rows]") {
  CHECK(excerpt("a,b", 1) == "a,b");
  CHECK(excerpt("a\tb\nc\rd\x01\x7f\xff", 1) == "a\\tb\\nc\\rd\\x01\\x7f\\xff");
  CHECK(excerpt("", 1).empty());
  CHECK(excerpt("abc", 99) == "abc");
  std::string row;
  for (int i = 0; i < 100; ++i) row += std::to_string(i) + ",";
  CHECK(excerpt(row, 1) == row.substr(0, 60) + "...");
  CHECK(excerpt(row, 100) == "..." + row.substr(69, 60) + "...");
  CHECK(excerpt(row, row.size() + 1) == "..." + row.substr(row.size() - 60));
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "ü";
  for (std::size_t column = 1; column < 202; ++column)
    CHECK(excerpt(umlauts, column).find("\\x") == std::string::npos);
}

TEST_CASE("blanks and a byte order mark are taken off", "[data][text_rows]") {
  CHECK(strip_blanks(" \t a b\t ") == "a b");
  CHECK(strip_blanks("  ").empty());
  CHECK(bom_bytes("\xEF\xBB\xBF"
                  "a") == 3);
  CHECK(bom_bytes("a") == 0);
  CHECK(bom_bytes("\xEF\xBB") == 0);
}

TEST_CASE("forgive counts bad rows, keeps the first few, and stops under FAILFAST",
          "[data][text_rows]") {
  TextRows rows;
  for (int i = 0; i < 5; ++i)
    CHECK(forgive(rows, lockstep::proto::PERMISSIVE,
                  {.line = i, .column = 1, .what = "w", .advice = ""}));
  CHECK(rows.bad_rows == 5);
  REQUIRE(rows.examples.size() == kMostExamples);
  CHECK(rows.examples[2].line == 2);
  CHECK_FALSE(rows.problem);
  CHECK_FALSE(forgive(rows, lockstep::proto::FAILFAST,
                      {.line = 9, .column = 1, .what = "w", .advice = ""}));
  REQUIRE(rows.problem);
  CHECK(rows.problem->line == 9);
  CHECK(rows.bad_rows == 5);
}
