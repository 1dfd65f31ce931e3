#include "data/sources/libsvm_parser.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cstdlib>
#include <random>

#include "data/sources/input.hpp"
#include "tests/catch.hpp"

using namespace lockstep::data;

namespace {

struct Entry {
  std::uint32_t index;
  double value;
  bool operator==(const Entry&) const = default;
};

std::vector<Entry> entries(const LibsvmRows& rows, std::size_t row) {
  const auto packed = rows.batch.rows.row(row);
  std::vector<std::uint32_t> indices(packed_entries(packed));
  std::vector<double> values(indices.size());
  unpack(packed, indices.data(), values.data());
  std::vector<Entry> result;
  for (std::size_t i = 0; i < indices.size(); ++i) result.push_back({indices[i], values[i]});
  return result;
}

LibsvmProblem problem(std::string_view text, const LibsvmRules& rules = {}) {
  const LibsvmRows rows = parse_libsvm(text, rules);
  REQUIRE(rows.problem);
  return *rows.problem;
}

}  // namespace

TEST_CASE("libsvm: labels and entries, indices from 0", "[data][libsvm]") {
  const auto rows = parse_libsvm("1 1:0.5 3:2\n-2.5 2:-1e-3\n", {});
  REQUIRE_FALSE(rows.problem);
  CHECK(rows.batch.labels == std::vector<double>{1, -2.5});
  REQUIRE(rows.batch.rows.rows() == 2);
  CHECK(entries(rows, 0) == std::vector<Entry>{{0, 0.5}, {2, 2}});
  CHECK(entries(rows, 1) == std::vector<Entry>{{1, -1e-3}});
  CHECK(rows.width == 3);
  CHECK(rows.lines == 2);
  CHECK(rows.labelled);
}

TEST_CASE(
    "libsvm: blank lines and comments are not rows; tabs, CR LF, qid and a last line without end",
    "[data][libsvm]") {
  const auto rows = parse_libsvm(
      "# a comment\n\n  \t\n+1\tqid:7  1:1   2:2\t \r\n\r\n0 1:3#x\n5 # only a label 7:8\n  3 4:4",
      {});
  REQUIRE_FALSE(rows.problem);
  CHECK(rows.batch.labels == std::vector<double>{1, 0, 5, 3});
  CHECK(entries(rows, 0) == std::vector<Entry>{{0, 1}, {1, 2}});
  CHECK(entries(rows, 1) == std::vector<Entry>{{0, 3}});
  CHECK(entries(rows, 2).empty());
  CHECK(entries(rows, 3) == std::vector<Entry>{{3, 4}});
  CHECK(rows.lines == 7);
}

TEST_CASE("libsvm: nothing at all has no rows", "[data][libsvm]") {
  CHECK(parse_libsvm("", {}).batch.rows.rows() == 0);
  CHECK(parse_libsvm("\n\n#", {}).batch.rows.rows() == 0);
}

TEST_CASE("libsvm: zero_based and the width", "[data][libsvm]") {
  const auto rows = parse_libsvm("1 0:5 2:6", {.zero_based = true});
  CHECK(entries(rows, 0) == std::vector<Entry>{{0, 5}, {2, 6}});
  CHECK(rows.width == 3);
  CHECK_FALSE(parse_libsvm("1 0:5 2:6", {.zero_based = true, .num_features = 3}).problem);
  CHECK_FALSE(parse_libsvm("1 1:5 3:6", {.num_features = 3}).problem);
  const auto zero = problem("1 1:1\n1 0:5\n");
  CHECK(zero.line == 1);
  CHECK(zero.column == 3);
  CHECK_THAT(zero.advice, has_text("zero_based"));
}

TEST_CASE("libsvm: a bad row is named with line, column and text", "[data][libsvm]") {
  struct Bad {
    const char* text;
    std::int64_t line, column;
    const char* what;
  };
  const auto bad = GENERATE(
      values<Bad>({{"1 1:1\n\n2 3:1 2:1\n", 2, 7, "index 2 comes after index 3"},
                   {"2 3:1 3:1", 0, 7, "index 3 comes twice"},
                   {"x 3:1", 0, 1, "the label 'x' is not a number"},
                   {"1,2 3:1", 0, 1, "the label '1,2'"},
                   {"3:1 4:1", 0, 1, "no label before '3:1'"},
                   {"1 3:", 0, 5, "the value '' of index 3"},
                   {"1 3:a b", 0, 5, "'a' of index 3"},
                   {"1 3:1:2", 0, 5, "'1:2'"},
                   {"1 3", 0, 3, "'3' is not index:value"},
                   {"1 -3:4", 0, 3, "'-3:4' is not index:value"},
                   {"1 3 :4", 0, 3, "'3' is not index:value"},
                   {"1 :4", 0, 3, "':4' is not index:value"},
                   {"1 3:+-4", 0, 5, "'+-4'"},
                   {"1 3:1e", 0, 5, "'1e'"},
                   {"1 3:.", 0, 5, "'.'"},
                   {"1 4294967296:1", 0, 3, "too large"},
                   {"1 99999999999999999999999:1", 0, 3, "too large"},
                   {"\x1f\x8b\x01", 0, 1, "'\\x1f\\x8b\\x01'"},
                   {"nan 1:1", 0, 1, "a NaN in the data: the label"},
                   {"1 1:1\n1 1:2 2:nan\n", 1, 9, "a NaN in the data: the value of index 2"},
                   {"1 2:-inf\n", 0, 5, "an infinite number in the data"},
                   {"1 2:1e999\n", 0, 5, "an infinite number in the data"}}));
  const auto found = problem(bad.text);
  CHECK(found.line == bad.line);
  CHECK(found.column == bad.column);
  CHECK_THAT(found.what, has_text(bad.what));
  CHECK_FALSE(found.advice.empty());
}

TEST_CASE("libsvm: a row wider than num_features names the index", "[data][libsvm]") {
  const auto wide =
      problem("1 4:1\n1 5:1", {.num_features = 4, .width_comes_from = "the training rows"});
  CHECK(wide.line == 1);
  CHECK_THAT(wide.what, has_text("index 5"));
  CHECK_THAT(wide.advice, has_text("4") && has_text("the training rows"));
}

TEST_CASE("libsvm: labels may be optional", "[data][libsvm]") {
  const auto rows = parse_libsvm("1:1 2:2\nqid:3 4:4\n7 5:5", {.labels_optional = true});
  REQUIRE_FALSE(rows.problem);
  CHECK_FALSE(rows.labelled);
  REQUIRE(rows.batch.rows.rows() == 3);
  CHECK(entries(rows, 0) == std::vector<Entry>{{0, 1}, {1, 2}});
  CHECK(entries(rows, 1) == std::vector<Entry>{{3, 4}});
  CHECK(rows.batch.labels[2] == 7);
  CHECK(parse_libsvm("7 5:5", {.labels_optional = true}).labelled);
}

TEST_CASE("libsvm: every number is the nearest double", "[data][libsvm][property]") {
  std::mt19937_64 bits(7);
  std::string text;
  std::vector<double> expected;
  const auto add = [&](const std::string& number) {
    text += "1 1:" + number + "\n";
    expected.push_back(std::strtod(number.c_str(), nullptr));
  };
  for (const char* number :
       {"0", "-0", "+3", "007", "1.", ".5", "-.5", "123456789012345", "1234567890123456", "0.1",
        "0.30000000000000004", "1e5", "1E-5", "5e-324", "1e-999", "179769313486231570000000000",
        "999999999999999.9", "0.000000000000001", "3.14159265358979"}) {
    add(number);
  }
  for (int i = 0; i < 2000; ++i) {
    const auto word = bits();
    const double scaled = static_cast<double>(word >> 20) * 1e-9;
    add(fmt::format("{:.{}f}", scaled, word % 13));
    add(fmt::format("{:.{}g}", scaled * 1e-7, 1 + word % 17));
    add(fmt::format("{}", static_cast<std::int64_t>(word) >> (word % 60)));
  }
  const auto rows = parse_libsvm(text, {});
  REQUIRE_FALSE(rows.problem);
  REQUIRE(rows.batch.rows.rows() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (entries(rows, i)[0].value != expected[i]) {
      FAIL("row " << i << ": " << entries(rows, i)[0].value << " instead of " << expected[i]);
    }
  }
}

TEST_CASE("libsvm: long rows keep all entries", "[data][libsvm]") {
  std::string text = "1";
  for (int i = 1; i <= 5000; ++i) text += fmt::format(" {}:{}", i * 3, i % 300);
  const auto rows = parse_libsvm(text + "\n", {});
  REQUIRE_FALSE(rows.problem);
  const auto row = entries(rows, 0);
  REQUIRE(row.size() == 5000);
  CHECK(row[4999] == Entry{14999, 200});
  CHECK(rows.width == 15000);
}

TEST_CASE("libsvm: MNIST's test images, where LOCKSTEP_SHARED_DATASETS names their folder",
          "[data][libsvm][real]") {
  const char* folder = std::getenv("LOCKSTEP_SHARED_DATASETS");
  if (folder == nullptr) {
    WARN("skipped: LOCKSTEP_SHARED_DATASETS is not set");
    return;
  }
  InputStream stream(std::string(folder) + "/images/mnist.t10k.libsvm.xz");
  std::string text, piece(1 << 20, '\0');
  while (const std::size_t got = stream.read(piece)) text.append(piece, 0, got);
  const auto rows = parse_libsvm(text, {});
  REQUIRE_FALSE(rows.problem);
  CHECK(rows.batch.rows.rows() == 10000);
  CHECK(rows.width == 778);
  CHECK(rows.batch.labels[0] == 7);
}
