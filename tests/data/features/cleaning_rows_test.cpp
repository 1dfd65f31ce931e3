// Stages that drop rows: filter, drop_nulls, drop_duplicates, sample.
#include <cmath>
#include <limits>
#include <set>

#include "core/error.hpp"
#include "data/features/catalogue.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Ids = std::vector<std::uint64_t>;

const double kNaN = std::numeric_limits<double>::quiet_NaN();

// Ids of the rows that stay.
Ids kept(const std::string& config, const std::vector<rig::TableColumn>& columns,
         std::size_t partitions = 1, Phase phase = Phase::Training) {
  std::uint64_t dropped = 0;
  const auto table = rig::table(columns, partitions);
  const auto result = rig::apply(config, table, phase, &dropped);
  CHECK(dropped == table.rows - result.rows);
  return rig::row_ids(result);
}

std::string filter(const std::string& op, const std::string& values = "") {
  return "filter { column: 'x' op: " + op + " " + values + " }";
}

void refuses(const std::string& config, const std::string& field) {
  try {
    make_feature_stage(rig::stage(config), "stage[0]");
    FAIL_CHECK("taken: " << config);
  } catch (const ConfigError& error) {
    CHECK(error.where().field == "stage[0]." + field);
  }
}

TEST_CASE("filter compares numbers as numbers", "[cleaning]") {
  const auto x = rig::numbers("x", {1, 10, 9, kMissing, kNaN});
  CHECK(kept(filter("EQ", "value: '10.0'"), {x}) == Ids{1});
  CHECK(kept(filter("NE", "value: '10'"), {x}) == Ids{0, 2});
  CHECK(kept(filter("LT", "value: '9'"), {x}) == Ids{0});
  CHECK(kept(filter("LE", "value: '9'"), {x}) == Ids{0, 2});
  CHECK(kept(filter("GT", "value: '9'"), {x}) == Ids{1});
  CHECK(kept(filter("GE", "value: '9'"), {x}) == Ids{1, 2});
  CHECK(kept(filter("IN", "value: '10' value: '1e0' value: '7'"), {x}) == Ids{0, 1});
  CHECK(kept(filter("IS_MISSING"), {x}) == Ids{3, 4});
  CHECK(kept(filter("NOT_MISSING"), {x}) == Ids{0, 1, 2});
  const auto flags = rig::numbers("x", {1, 0, 1}, ColumnType::Format::Boolean);
  CHECK(kept(filter("EQ", "value: 'true'"), {flags}) == Ids{0, 2});
}

TEST_CASE("filter compares strings byte by byte, and by regular expression", "[cleaning]") {
  const auto x = rig::strings("x", {"b", "10", "9", nullptr, "", "ab"});
  CHECK(kept(filter("EQ", "value: 'b'"), {x}) == Ids{0});
  CHECK(kept(filter("NE", "value: 'b'"), {x}) == Ids{1, 2, 4, 5});
  CHECK(kept(filter("LT", "value: '9'"), {x}) == Ids{1, 4});
  CHECK(kept(filter("GE", "value: 'ab'"), {x}) == Ids{0, 5});
  CHECK(kept(filter("IN", "value: 'ab' value: 'b' value: 'z'"), {x}) == Ids{0, 5});
  CHECK(kept(filter("IS_MISSING"), {x}) == Ids{3});
  CHECK(kept(filter("NOT_MISSING"), {x}) == Ids{0, 1, 2, 4, 5});
  CHECK(kept(filter("MATCHES", "value: 'b$'"), {x}) == Ids{0, 5});
  CHECK(kept(filter("MATCHES", "value: '^[0-9]+$'"), {x}) == Ids{1, 2});
}

TEST_CASE("filter leaves rows alone that are to be scored, unless it is told otherwise",
          "[cleaning]") {
  const auto x = rig::numbers("x", {1, 2, 3});
  CHECK(kept(filter("GT", "value: '1'"), {x}, 1, Phase::Scoring) == Ids{0, 1, 2});
  CHECK(kept(filter("GT", "value: '1' when_scoring: true"), {x}, 1, Phase::Scoring) == Ids{1, 2});
}

TEST_CASE("filter keeps whole rows of all kinds of columns", "[cleaning]") {
  const auto table = rig::table(
      {rig::numbers("x", {1, 2, 3}), rig::strings("s", {"a", nullptr, "c"}),
       rig::tokens("t", {{"p"}, {}, {"q", "r"}}), rig::sparse("v", {{0, 1}, {2, 0}, {0, 3}}),
       rig::dense("d", {{1, 2}, {3, 4}, {5, 6}})},
      2);
  const auto rows = rig::apply(filter("NE", "value: '1'"), table);
  CHECK(rig::strings(rows, "s") == std::vector<std::string>{"<missing>", "c"});
  CHECK(rig::tokens(rows, "t") == std::vector<std::vector<std::string>>{{}, {"q", "r"}});
  CHECK(rig::vectors(rows, "v") == std::vector<std::vector<double>>{{2, 0}, {0, 3}});
  CHECK(rig::vectors(rows, "d") == std::vector<std::vector<double>>{{3, 4}, {5, 6}});
}

TEST_CASE("filter refuses comparisons that mean nothing", "[cleaning]") {
  refuses(filter("EQ"), "filter.value");
  refuses(filter("LT", "value: '1' value: '2'"), "filter.value");
  refuses(filter("IS_MISSING", "value: '1'"), "filter.value");
  refuses(filter("MATCHES", "value: '('"), "filter.value[0]");
  const auto schema = rig::table({rig::numbers("x", {1}), rig::tokens("t", {{}})}).schema;
  const auto check = [&](const std::string& config) {
    return make_feature_stage(rig::stage(config), "stage[0]")->output_schema(schema);
  };
  CHECK_THROWS_WITH(check(filter("IN", "value: '1' value: 'one'")), has_text("'one'"));
  CHECK_THROWS_AS(check(filter("EQ", "value: 'nan'")), ConfigError);
  CHECK_THROWS_AS(check(filter("MATCHES", "value: '1'")), ConfigError);
  CHECK_THROWS_AS(check("filter { column: 't' op: NOT_MISSING }"), ConfigError);
  CHECK_THROWS_WITH(check("filter { column: 'y' op: NOT_MISSING }"), has_text("'y'"));
}

TEST_CASE("drop_nulls drops by any, all, or the number of values", "[cleaning]") {
  const std::vector<rig::TableColumn> columns{rig::numbers("x", {1, kMissing, kNaN, 4}),
                                              rig::strings("s", {"a", "", nullptr, nullptr}),
                                              rig::dense("v", {{kNaN}, {1}, {1}, {1}})};
  const auto partitions = GENERATE(as<std::size_t>{}, 1, 3);
  CHECK(kept("drop_nulls {}", columns, partitions) == Ids{0});
  CHECK(kept("drop_nulls { how: ALL }", columns, partitions) == Ids{0, 1, 3});
  CHECK(kept("drop_nulls { columns: 's' }", columns, partitions) == Ids{0, 1});
  CHECK(kept("drop_nulls { columns: ['s', 'x'] min_non_null: 1 }", columns, partitions) ==
        Ids{0, 1, 3});
  CHECK(kept("drop_nulls { min_non_null: 2 }", columns, partitions) == Ids{0});
  CHECK(kept("drop_nulls {}", columns, partitions, Phase::Scoring) == Ids{0, 1, 2, 3});
  CHECK(kept("drop_nulls { when_scoring: true }", columns, partitions, Phase::Scoring) == Ids{0});
}

TEST_CASE("drop_nulls refuses what keeps no row or says two things", "[cleaning]") {
  refuses("drop_nulls { how: ANY min_non_null: 1 }", "drop_nulls");
  refuses("drop_nulls { columns: ['x', 'x'] }", "drop_nulls.columns[1]");
  const auto schema = rig::table({rig::numbers("x", {1}), rig::dense("v", {{1}})}).schema;
  const auto check = [&](const std::string& config) {
    return make_feature_stage(rig::stage(config), "stage[0]")->output_schema(schema);
  };
  CHECK_THROWS_WITH(check("drop_nulls { min_non_null: 2 }"), has_text("2 values of 1 columns"));
  CHECK_THROWS_AS(check("drop_nulls { columns: 'v' }"), ConfigError);
}

TEST_CASE("drop_duplicates keeps the first row in the order of the source", "[cleaning]") {
  const auto partitions = GENERATE(as<std::size_t>{}, 1, 2, 3, 7);
  const std::vector<rig::TableColumn> columns{
      rig::strings("s", {"b", "a", "b", "a", "c", "b", "b"}),
      rig::numbers("x", {1, 1, 1, 2, 1, 2, 1})};
  CHECK(kept("drop_duplicates { columns: 's' }", columns, partitions) == Ids{0, 1, 4});
  CHECK(kept("drop_duplicates { columns: ['x', 's'] }", columns, partitions) == Ids{0, 1, 3, 4, 5});
  CHECK(kept("drop_duplicates {}", columns, partitions) == Ids{0, 1, 3, 4, 5});
  CHECK(kept("drop_duplicates {}", columns, partitions, Phase::Scoring).size() == 7);
}

TEST_CASE("drop_duplicates finds the smallest row id even if partitions are not in that order",
          "[cleaning]") {
  auto table = rig::table({rig::numbers("x", {5, 5, 5, 6})}, 2);
  table.own[0].row_ids = std::vector<std::uint64_t>{9, 4};
  table.own[1].row_ids = std::vector<std::uint64_t>{3, 8};
  CHECK(rig::row_ids(rig::apply("drop_duplicates {}", table)) == Ids{3, 8});
}

TEST_CASE("drop_duplicates: zeros, NaN and missing values are equal among themselves only",
          "[cleaning]") {
  const double other_nan = -std::numeric_limits<double>::quiet_NaN();
  CHECK(kept("drop_duplicates {}", {rig::numbers("x", {0.0, kNaN, -0.0, kMissing, other_nan,
                                                       kMissing, 1})}) == Ids{0, 1, 3, 6});
  CHECK(kept("drop_duplicates {}", {rig::strings("s", {"", nullptr, "", nullptr})}) == Ids{0, 1});
  CHECK(kept("drop_duplicates {}",
             {rig::strings("a", {"a", "ab"}), rig::strings("b", {"bc", "c"})}) == Ids{0, 1});
  CHECK(kept("drop_duplicates {}",
             {rig::tokens("t", {{"a", "b"}, {"ab"}, {"a", "b"}, {}, {""}, {}})}) ==
        Ids{0, 1, 3, 4});
}

TEST_CASE("drop_duplicates: where one text ends and the next begins matters", "[cleaning]") {
  CHECK(kept("drop_duplicates {}",
             {rig::strings("a", {"x\1y", "x"}), rig::strings("b", {"z", "y\1z"})}) == Ids{0, 1});
  CHECK(kept("drop_duplicates {}", {rig::tokens("t", {{"a", "bc"}, {"ab", "c"}})}) == Ids{0, 1});
}

TEST_CASE("drop_duplicates: vectors are equal by value", "[cleaning]") {
  const std::vector<std::vector<double>> rows{{0, 1, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  CHECK(kept("drop_duplicates {}", {rig::sparse("v", rows)}) == Ids{0, 1, 3});
  CHECK(kept("drop_duplicates {}", {rig::dense("v", rows)}) == Ids{0, 1, 3});
  // One partition sparse, the other dense; the zero may be stored.
  auto table = rig::table({rig::dense("v", {{0, 2}, {0, 2}})}, 2);
  table.own[1].set("v", SparseVectors{2, {0, 2}, {0, 1}, {-0.0, 2}});
  CHECK(rig::row_ids(rig::apply("drop_duplicates {}", table)) == Ids{0});
}

TEST_CASE("drop_duplicates: a loaded stage has nothing to drop", "[cleaning]") {
  const auto stage = make_feature_stage(rig::stage("drop_duplicates {}"), "stage[0]");
  CHECK_FALSE(stage->is_fitted());
  auto table = rig::table({rig::numbers("x", {1, 1})});
  CHECK(stage->transform(table.own[0], Phase::Scoring).rows == 0);
  CHECK(table.own[0].rows() == 2);
  CHECK_THROWS_AS(make_feature_stage(rig::stage("drop_duplicates { columns: 'y' }"), "stage[0]")
                      ->output_schema(table.schema),
                  ConfigError);
}

TEST_CASE("drop_duplicates of no rows at all", "[cleaning]") {
  CHECK(kept("drop_duplicates {}", {rig::numbers("x", {})}, 3).empty());
}

TEST_CASE("sample keeps about its share, the same rows however they are cut", "[cleaning]") {
  const auto x = rig::numbers("x", std::vector<double>(10000, 1));
  const auto rows = kept("sample { fraction: 0.3 seed: 5 }", {x});
  CHECK(rows.size() > 2850);
  CHECK(rows.size() < 3150);
  CHECK(kept("sample { fraction: 0.3 seed: 5 }", {x}, 7) == rows);
  CHECK(kept("sample { fraction: 0.3 seed: 6 }", {x}) != rows);
  // A larger fraction takes more rows, not others.
  const auto more = kept("sample { fraction: 0.5 seed: 5 }", {x});
  CHECK(std::includes(more.begin(), more.end(), rows.begin(), rows.end()));
}

TEST_CASE("sample knows all and nothing, and never samples rows to be scored", "[cleaning]") {
  const auto x = rig::numbers("x", std::vector<double>(1000, 1));
  CHECK(kept("sample { fraction: 1 }", {x}).size() == 1000);
  CHECK(kept("sample { fraction: 0 }", {x}).empty());
  CHECK(kept("sample { fraction: 0 }", {x}, 1, Phase::Scoring).size() == 1000);
  refuses("sample { fraction: 1.5 }", "sample.fraction");
  refuses("sample { fraction: nan }", "sample.fraction");
}

TEST_CASE("sample takes the experiment's seed unless it has one", "[cleaning]") {
  const auto x = rig::numbers("x", std::vector<double>(200, 1));
  // The rig's experiment has the seed 1.
  CHECK(kept("sample { fraction: 0.5 }", {x}) == kept("sample { fraction: 0.5 seed: 1 }", {x}));
  const auto stage = make_feature_stage(rig::stage("sample { fraction: 0.5 }"), "stage[0]");
  CHECK_FALSE(stage->is_fitted());
  ThreadPool threads(1);
  stage->fit(TrainingRows(nullptr, threads, rig::table({x}), 77));
  CHECK(stage->save().sample().seed() == 77);
}

}  // namespace
}  // namespace lockstep::data
