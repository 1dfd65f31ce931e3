#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "data/features/catalogue.hpp"
#include "data/features/columns/binarizer.hpp"
#include "data/features/columns/bucketizer.hpp"
#include "data/features/columns/quantile_discretizer.hpp"
#include "tests/data/features/datasets.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Rows = std::vector<std::vector<double>>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string stage_of(const std::string& kind, const std::string& more) {
  return kind + " { input_col: 'x' output_col: 'b' " + more + " }";
}
std::string bucketizer(const std::string& more = "") {
  return stage_of("bucketizer", "splits: [-inf, 0, 10, inf] " + more);
}
std::string discretizer(const std::string& more) { return stage_of("quantile_discretizer", more); }

std::vector<double> run(const std::string& config, const std::vector<double>& values,
                        std::size_t partitions = 1) {
  return rig::numbers(rig::apply(config, rig::table({rig::numbers("x", values)}, partitions)), "b");
}

/// What a discretizer learnt.
std::vector<double> splits(const std::string& more, const std::vector<double>& values,
                           std::size_t partitions = 1) {
  ThreadPool threads(1);
  const auto stage = make_feature_stage(rig::stage(discretizer(more)), "stage[0]");
  const auto table = rig::table({rig::numbers("x", values)}, partitions);
  stage->fit(TrainingRows(nullptr, threads, table, 1));
  const auto saved = stage->save();
  const auto& learnt = saved.quantile_discretizer().model(0).split();
  return {learnt.begin(), learnt.end()};
}

}  // namespace

TEST_CASE("Bucketizer: a bucket has its lower end, the last one both", "[columns]") {
  CHECK(run(bucketizer(), {-1, 0, 9.9, 10, -kInfinity, kInfinity, -0.0}) ==
        std::vector<double>{0, 1, 1, 2, 0, 2, 1});
  CHECK(run(stage_of("bucketizer", "splits: [0, 1, 2]"), {0, 1, 2, 1.5}) ==
        std::vector<double>{0, 1, 1, 1});
}

TEST_CASE("Bucketizer: NaN is an error, dropped, or a bucket of its own", "[columns]") {
  CHECK_THROWS_WITH(run(bucketizer(), {1, kNaN}), has_text("NaN") && has_text("row 2"));
  CHECK(run(bucketizer("handle_invalid: KEEP"), {1, kNaN}) == std::vector<double>{1, 3});
  std::uint64_t dropped = 0;
  const auto table = rig::table({rig::numbers("x", {1, kNaN, kMissing, -5})}, 2);
  const auto result =
      rig::apply(bucketizer("handle_invalid: SKIP"), table, Phase::Scoring, &dropped);
  CHECK(rig::numbers(result, "b") == std::vector<double>{1, 0});
  CHECK(dropped == 2);
}

TEST_CASE("Bucketizer: missing stays missing", "[columns]") {
  const std::string more = GENERATE("", "handle_invalid: KEEP");
  const auto buckets = run(bucketizer(more), {kMissing, 1});
  CHECK(is_missing(buckets[0]));
  CHECK(buckets[1] == 1);
}

TEST_CASE("Bucketizer: a number outside the splits is always an error", "[columns]") {
  const std::string invalid = GENERATE("ERROR", "SKIP", "KEEP");
  const double outside = GENERATE(-0.5, 2.5);
  CHECK_THROWS_AS(
      run(stage_of("bucketizer", "splits: [0, 1, 2] handle_invalid: " + invalid), {1, outside}),
      DataError);
}

TEST_CASE("Bucketizer says how many buckets there are, and names them", "[columns]") {
  const auto table = rig::table({rig::numbers("x", {1})});
  const Schema plain = rig::apply(bucketizer(), table).schema;
  CHECK(
      plain.at("b", "").features->at(0) ==
      Feature{
          "b", Feature::Kind::Nominal, 3, {"[-Infinity, 0.0)", "[0.0, 10.0)", "[10.0, Infinity]"}});
  const Schema kept = rig::apply(bucketizer("handle_invalid: KEEP"), table).schema;
  CHECK(kept.at("b", "").features->at(0).arity == 4);
}

TEST_CASE("Bucketizer refuses splits that do not ascend", "[columns]") {
  const std::string bad = GENERATE(
      "", "splits: [0, 1]", "splits: [0, 1, 1]", "splits: [0, 2, 1]", "splits: [0, nan, 1]",
      "splits: [0, 1, 2] splits_array { split: [0, 1, 2] }", "splits_array { split: [0, 1] }");
  CHECK_THROWS_AS(make_feature_stage(rig::stage(stage_of("bucketizer", bad)), "stage[0]"),
                  ConfigError);
}

TEST_CASE("Bucketizer has splits for each column", "[columns]") {
  const auto table = rig::table({rig::numbers("x", {1, 5}), rig::numbers("y", {1, 5})});
  const auto result = rig::apply(
      "bucketizer { input_cols: ['x', 'y'] output_cols: ['a', 'b'] splits_array { split: [0, 2, 9] "
      "} "
      "splits_array { split: [0, 7, 8, 9] } }",
      table);
  CHECK(rig::numbers(result, "a") == std::vector<double>{0, 1});
  CHECK(rig::numbers(result, "b") == std::vector<double>{0, 0});
}

TEST_CASE("QuantileDiscretizer cuts at exact quantiles", "[columns]") {
  const std::size_t partitions = GENERATE(1, 2, 4, 9);
  const std::vector<double> values = {9, 1, 8, 2, 7, 3, 6, 4, 5};
  CHECK(splits("num_buckets: 3", values, partitions) ==
        std::vector<double>{-kInfinity, 3, 6, kInfinity});
  CHECK(run(discretizer("num_buckets: 3"), values, partitions) ==
        std::vector<double>{2, 0, 2, 0, 2, 1, 2, 1, 1});
}

TEST_CASE("QuantileDiscretizer: equal splits become one", "[columns]") {
  const std::vector<double> values = {1, 1, 1, 1, 2, 3};
  CHECK(splits("num_buckets: 3", values) == std::vector<double>{-kInfinity, 1, kInfinity});
  const auto result =
      rig::apply(discretizer("num_buckets: 3"), rig::table({rig::numbers("x", values)}));
  CHECK(rig::numbers(result, "b") == std::vector<double>{1, 1, 1, 1, 1, 1});
  CHECK(result.schema.at("b", "").features->at(0).arity == 2);
}

TEST_CASE("QuantileDiscretizer does not look at missing numbers and NaN", "[columns]") {
  CHECK(splits("", {kNaN, 3, kMissing, 1, 2}) == std::vector<double>{-kInfinity, 2, kInfinity});
  const auto kept = run(discretizer("handle_invalid: KEEP"), {kNaN, 3, kMissing, 1, 2});
  CHECK(kept[0] == 2);
  CHECK(is_missing(kept[2]));
  CHECK_THROWS_WITH(splits("", {kNaN, kMissing}), has_text("'x'"));
}

TEST_CASE("QuantileDiscretizer has numbers of buckets for each column", "[columns]") {
  const auto table =
      rig::table({rig::numbers("x", {1, 2, 3, 4}), rig::numbers("y", {4, 3, 2, 1})}, 2);
  const std::string columns = "input_cols: ['x', 'y'] output_cols: ['a', 'b'] ";
  const auto result =
      rig::apply("quantile_discretizer { " + columns + "num_buckets_array: [2, 4] }", table);
  CHECK(rig::numbers(result, "a") == std::vector<double>{0, 1, 1, 1});
  CHECK(rig::numbers(result, "b") == std::vector<double>{3, 3, 2, 1});
  CHECK_THROWS_AS(
      rig::apply("quantile_discretizer { " + columns + "num_buckets_array: [2] }", table),
      ConfigError);
  CHECK_THROWS_AS(rig::apply(discretizer("num_buckets: 1"), table), ConfigError);
}

TEST_CASE("QuantileDiscretizer on wine's proline", "[columns][golden]") {
  const auto proline = rig::dataset_column("wine", "proline");
  if (!proline) return;
  CHECK(splits("num_buckets: 4", *proline, 7) ==
        std::vector<double>{-kInfinity, 500, 672, 985, kInfinity});
}

TEST_CASE("Binarizer: 1 where a number is larger than the threshold", "[columns]") {
  const auto result =
      rig::apply(stage_of("binarizer", ""),
                 rig::table({rig::numbers("x", {0, 0.1, -1, kNaN, kMissing, kInfinity})}, 2));
  CHECK(rig::numbers(result, "b") == std::vector<double>{0, 1, 0, 0, 0, 1});
  CHECK(result.schema.at("b", "").features->at(0).kind == Feature::Kind::Binary);
}

TEST_CASE("Binarizer: sparse vectors stay sparse unless zeros become ones", "[columns]") {
  const Rows rows = {{0, 2, -1}, {0.5, 0, -3}};
  const bool sparse = GENERATE(false, true);
  const auto table = rig::table({sparse ? rig::sparse("x", rows) : rig::dense("x", rows)}, 2);
  const auto above = rig::apply(stage_of("binarizer", "threshold: 1"), table);
  CHECK(rig::vectors(above, "b") == Rows{{0, 1, 0}, {0, 0, 0}});
  CHECK(std::holds_alternative<SparseVectors>(above.own[0].column("b")) == sparse);
  const auto below = rig::apply(stage_of("binarizer", "threshold: -2"), table);
  CHECK(rig::vectors(below, "b") == Rows{{1, 1, 1}, {1, 1, 0}});
  CHECK(std::holds_alternative<DenseVectors>(below.own[0].column("b")));
  CHECK(below.schema.at("b", "").features->at(2) == Feature{"x_2", Feature::Kind::Binary, 0, {}});
}

TEST_CASE("Binarizer with a negative threshold knows the width of the training rows", "[columns]") {
  const auto stage =
      make_feature_stage(rig::stage(stage_of("binarizer", "threshold: -1 widths: 3")), "stage[0]");
  auto narrow = rig::table({rig::sparse("x", {{0, -5}})});
  stage->transform(narrow.own[0], Phase::Scoring);
  CHECK(rig::vectors(narrow, "b") == Rows{{1, 0, 1}});
  auto wide = rig::table({rig::sparse("x", {{0, 0, 0, 1}})});
  CHECK_THROWS_AS(stage->transform(wide.own[0], Phase::Scoring), DataError);
}

TEST_CASE("Binarizer has a threshold for each column", "[columns]") {
  const auto table = rig::table({rig::numbers("x", {1, 5}), rig::dense("y", {{1}, {5}})});
  const auto result = rig::apply(
      "binarizer { input_cols: ['x', 'y'] output_cols: ['a', 'b'] thresholds: [2, 0] }", table);
  CHECK(rig::numbers(result, "a") == std::vector<double>{0, 1});
  CHECK(rig::vectors(result, "b") == Rows{{1}, {1}});
  CHECK_THROWS_AS(rig::apply(stage_of("binarizer", "thresholds: [1, 2]"), table), ConfigError);
  CHECK_THROWS_AS(rig::apply(stage_of("binarizer", "threshold: nan"), table), ConfigError);
}

}  // namespace lockstep::data
