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

std::map<std::string, Column> columns(const TextRows& rows, bool qid = false) {
  using Kind = ColumnType::Kind;
  RowFormat format;
  format.cells.push_back({"label", {Kind::Number}, Encoding::Number});
  if (qid) format.cells.push_back({"qid", {Kind::Number}, Encoding::Number});
  format.cells.push_back({"features", {Kind::Vector, {100000}}, Encoding::Sparse});
  return unpack(format, rows.rows.rows(), [&](std::size_t i) { return rows.rows.row(i); });
}

std::vector<double> numbers(const TextRows& rows, const std::string& name, bool qid = false) {
  const auto all = columns(rows, qid);
  const auto& values = std::get<Numbers>(all.at(name)).values;
  return {values.begin(), values.end()};
}

std::vector<double> labels(const TextRows& rows) { return numbers(rows, "label"); }

std::vector<std::vector<Entry>> all_entries(const TextRows& rows, bool qid = false) {
  const auto all = columns(rows, qid);
  const auto& sparse = std::get<SparseVectors>(all.at("features"));
  std::vector<std::vector<Entry>> result(sparse.rows());
  for (std::size_t row = 0; row < sparse.rows(); ++row) {
    for (std::size_t i = sparse.begin[row]; i < sparse.begin[row + 1]; ++i)
      result[row].push_back({sparse.indices[i], sparse.values[i]});
  }
  return result;
}

std::vector<Entry> entries(const TextRows& rows, std::size_t row) { return all_entries(rows)[row]; }

ParseProblem problem(std::string_view text, const LibsvmRules& rules = {}) {
  const TextRows rows = parse_libsvm(text, rules);
  REQUIRE(rows.problem);
  return *rows.problem;
}

}  // namespace

TEST_CASE("libsvm: labels and entries, indices from 0", "[data][libsvm]") {
  const auto rows = parse_libsvm("1 1:0.5 3:2\n-2.5 2:-1e-3\n", {});
  REQUIRE_FALSE(rows.problem);
  CHECK(labels(rows) == std::vector<double>{1, -2.5});
  REQUIRE(rows.rows.rows() == 2);
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
  CHECK(labels(rows) == std::vector<double>{1, 0, 5, 3});
  CHECK(entries(rows, 0) == std::vector<Entry>{{0, 1}, {1, 2}});
  CHECK(entries(rows, 1) == std::vector<Entry>{{0, 3}});
  CHECK(entries(rows, 2).empty());
  CHECK(entries(rows, 3) == std::vector<Entry>{{3, 4}});
  CHECK(rows.lines == 7);
}

TEST_CASE("libsvm: nothing at all has no rows", "[data][libsvm]") {
  CHECK(parse_libsvm("", {}).rows.rows() == 0);
  CHECK(parse_libsvm("\n\n#", {}).rows.rows() == 0);
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
  REQUIRE(rows.rows.rows() == 3);
  CHECK(entries(rows, 0) == std::vector<Entry>{{0, 1}, {1, 2}});
  CHECK(entries(rows, 1) == std::vector<Entry>{{3, 4}});
  CHECK(labels(rows)[2] == 7);
  CHECK(parse_libsvm("7 5:5", {.labels_optional = true}).labelled);
}

TEST_CASE("libsvm: a row without a label has a missing one", "[data][libsvm]") {
  const auto rows = parse_libsvm("1:1\n7 5:5", {.labels_optional = true});
  CHECK(is_missing(labels(rows)[0]));
  CHECK(labels(rows)[1] == 7);
}

TEST_CASE("libsvm: qid is a cell where it is asked for, else ignored", "[data][libsvm]") {
  const std::string text = "1 qid:12 3:1\n0 3:2 qid:13\n2 4:3\n";
  const auto kept = parse_libsvm(text, {.keep_qid = true});
  REQUIRE_FALSE(kept.problem);
  const auto qids = numbers(kept, "qid", true);
  REQUIRE(qids.size() == 3);
  CHECK(qids[0] == 12);
  CHECK(qids[1] == 13);
  CHECK(is_missing(qids[2]));
  CHECK(all_entries(kept, true)[1] == std::vector<Entry>{{2, 2}});
  const auto ignored = parse_libsvm(text, {});
  REQUIRE_FALSE(ignored.problem);
  CHECK(entries(ignored, 1) == std::vector<Entry>{{2, 2}});
  CHECK_FALSE(parse_libsvm("1 qid:x 3:1", {}).problem);
  const auto bad = problem("1 1:1\n1 qid:x 3:1", {.keep_qid = true});
  CHECK(bad.line == 1);
  CHECK(bad.column == 7);
  CHECK(bad.what == "the query number 'x' is not a number");
  CHECK(problem("1 qid:1 qid:2 3:1", {.keep_qid = true}).column == 9);
}

TEST_CASE("libsvm: the rows before a bad one are there", "[data][libsvm]") {
  const auto rows = parse_libsvm("1 1:5\n2 x\n3 1:1\n", {});
  REQUIRE(rows.problem);
  REQUIRE(rows.rows.rows() == 1);
  CHECK(labels(rows)[0] == 1);
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
  REQUIRE(rows.rows.rows() == expected.size());
  const auto found = all_entries(rows);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (found[i][0].value != expected[i])
      FAIL("row " << i << ": " << found[i][0].value << " instead of " << expected[i]);
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
  CHECK(rows.rows.rows() == 10000);
  CHECK(rows.width == 778);
  CHECK(labels(rows)[0] == 7);
}
