#include "data/features/columns/imputer.hpp"

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Format = ColumnType::Format;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string imputer(const std::string& more = "") {
  return "imputer { input_col: 'x' output_col: 'y' " + more + " }";
}

/// What goes into the gap that is the last row.
double filled(const std::string& more, std::vector<double> values, std::size_t partitions = 1,
              Format format = Format::Double) {
  values.push_back(kMissing);
  const auto table = rig::table({rig::numbers("x", values, format)}, partitions);
  return rig::numbers(rig::apply(imputer(more), table), "y").back();
}

}  // namespace

TEST_CASE("Imputer fills in mean, lower median or smallest mode", "[columns]") {
  const std::size_t partitions = GENERATE(1, 2, 5);
  CHECK(filled("", {1, 2, 3, 4}, partitions) == 2.5);
  CHECK(filled("strategy: MEDIAN", {1, 2, 3, 4}, partitions) == 2);
  CHECK(filled("strategy: MODE", {4, 3, 2, 1}, partitions) == 1);
  CHECK(filled("strategy: MODE", {7, 3, 7, 3, 9}, partitions) == 3);
}

TEST_CASE("Imputer: NaN is missing, too, and all else stays", "[columns]") {
  std::uint64_t rows = 0;
  const auto table = rig::table({rig::numbers("x", {1, kNaN, 3, kMissing})}, 2);
  const auto result = rig::apply(imputer(), table, Phase::Scoring, &rows);
  CHECK(rig::numbers(result, "y") == std::vector<double>{1, 2, 3, 2});
  CHECK(rows == 2);
  CHECK(is_missing(rig::numbers(result, "x").back()));
}

TEST_CASE("Imputer: where missing_value is given, NaN stays NaN", "[columns]") {
  const std::string strategy = GENERATE("MEAN", "MEDIAN", "MODE");
  const auto table = rig::table({rig::numbers("x", {3, -1, kNaN, 3, kMissing, -1, -1})}, 3);
  const auto values =
      rig::numbers(rig::apply(imputer("missing_value: -1 strategy: " + strategy), table), "y");
  CHECK(values[1] == 3);
  CHECK(std::isnan(values[2]));
  CHECK(values[4] == 3);
  CHECK(values[6] == 3);
}

TEST_CASE("Imputer cuts the mean of an integer column", "[columns]") {
  CHECK(filled("", {1, 2, 2}, 1, Format::Integer) == 1);
  CHECK(filled("", {-1, -2, -2}, 1, Format::Integer) == -1);
}

TEST_CASE("Imputer: true and false have a mode, but no mean", "[columns]") {
  CHECK(filled("strategy: MODE", {1, 1, 0}, 1, Format::Boolean) == 1);
  CHECK_THROWS_AS(filled("", {1, 1, 0}, 1, Format::Boolean), ConfigError);
}

TEST_CASE("Imputer needs a value to learn from, and a finite mean", "[columns]") {
  const std::string strategy = GENERATE("MEAN", "MEDIAN", "MODE");
  CHECK_THROWS_WITH(filled("strategy: " + strategy, {kNaN}), has_text("'x'"));
  CHECK_THROWS_AS(filled("", {1, std::numeric_limits<double>::infinity()}), DataError);
}

TEST_CASE("Imputer may fill a column in place", "[columns]") {
  const auto table = rig::table({rig::numbers("x", {1, kMissing}, Format::Integer)});
  const auto result = rig::apply("imputer { input_col: 'x' output_col: 'x' }", table);
  CHECK(rig::numbers(result, "x") == std::vector<double>{1, 1});
  CHECK(result.schema == table.schema);
}

TEST_CASE("Imputer keeps the type of the column and what is known of it", "[columns]") {
  auto column = rig::numbers("x", {1, 0}, Format::Integer);
  column.type.features = std::make_shared<const std::vector<Feature>>(
      1, Feature{"x", Feature::Kind::Nominal, 2, {"a", "b"}});
  const auto type = rig::apply(imputer("strategy: MODE"), rig::table({column})).schema.at("y", "");
  CHECK(type.format == Format::Integer);
  CHECK(type.features->at(0) == Feature{"y", Feature::Kind::Nominal, 2, {"a", "b"}});
}

TEST_CASE("Imputer takes several columns and counts a row once", "[columns]") {
  const auto table = rig::table(
      {rig::numbers("a", {1, kMissing, kMissing}), rig::numbers("b", {kMissing, kMissing, 8})});
  std::uint64_t rows = 0;
  const auto result =
      rig::apply("imputer { input_cols: ['a', 'b'] output_cols: ['c', 'd'] strategy: MEDIAN }",
                 table, Phase::Training, &rows);
  CHECK(rig::numbers(result, "c") == std::vector<double>{1, 1, 1});
  CHECK(rig::numbers(result, "d") == std::vector<double>{8, 8, 8});
  CHECK(rows == 3);
}

}  // namespace lockstep::data
