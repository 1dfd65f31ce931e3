#include "ml/evaluators/regression.hpp"

#include <cmath>

#include "tests/ml/evaluators/evaluator_rig.hpp"

namespace lockstep::ml::tests {
namespace {

const char* const kEverything = "regression { metric_name: [RMSE, MSE, MAE, R2, VAR] }";
const char* const kThroughOrigin =
    "regression { metric_name: [RMSE, MSE, MAE, R2, VAR] through_origin: true }";
const Judged kFour{{2.5, 0, 2, 8}, {3, -.5, 2, 7}};

Found regression(const Judged& judged, const std::string& config = kEverything) {
  return metrics_of(evaluator_of(config, judged.columns()), judged);
}

TEST_CASE("regression: the worked example (spark-parity 44)", "[ml][evaluator]") {
  const auto metrics = regression(kFour);
  CHECK(metrics["mse"] == Approx(.375).epsilon(1e-12));
  CHECK(metrics["rmse"] == Approx(.6123724357).epsilon(1e-9));
  CHECK(metrics["mae"] == Approx(.5).epsilon(1e-12));
  CHECK(metrics["r2"] == Approx(.9486081370).epsilon(1e-9));
  CHECK(metrics["var"] == Approx(8.859375).epsilon(1e-12));
  CHECK(regression(kFour, kThroughOrigin)["r2"] == Approx(.9759036145).epsilon(1e-9));
}

TEST_CASE("regression: the constants of Spark's own test, through the origin (spark-parity 12.12)",
          "[ml][evaluator]") {
  const Judged spark{{72.12, 99.17, 63.11, 45.08, 58.6, 85.65, 54.09, 81.14, 49.58},
                     {77, 85, 62, 55, 63, 88, 57, 81, 51}};
  const auto metrics = regression(spark, kThroughOrigin);
  CHECK(metrics["var"] == Approx(294.88167).epsilon(1e-6));
  CHECK(metrics["mae"] == Approx(4.5888889).epsilon(1e-6));
  CHECK(metrics["mse"] == Approx(39.958711).epsilon(1e-6));
  CHECK(metrics["rmse"] == Approx(6.3212903).epsilon(1e-6));
  CHECK(metrics["r2"] == Approx(.99185384).epsilon(1e-7));
}

TEST_CASE("regression: several outputs a row count as so many numbers", "[ml][evaluator]") {
  CHECK(regression({kFour.outputs, kFour.labels, 2}).numbers == regression(kFour).numbers);
}

TEST_CASE("regression: a large offset costs no digits", "[ml][evaluator]") {
  Judged far = kFour;
  for (auto* values : {&far.outputs, &far.labels}) {
    for (double& x : *values) x += 1 << 20;
  }
  const auto near = regression(kFour), shifted = regression(far);
  for (const auto& [name, value] : near.numbers)
    CHECK(shifted[name] == Approx(value).epsilon(1e-9));
}

TEST_CASE("regression: one row, and labels that are all the same", "[ml][evaluator]") {
  const auto one = regression({{3}, {5}});
  CHECK(one["mse"] == 4);
  CHECK(one["mae"] == 2);
  CHECK(one["var"] == 4);
  CHECK_FALSE(std::isfinite(one["r2"]));  // there is nothing to explain; null in metrics.json
}

TEST_CASE("regression: a weight counts as so many rows", "[ml][evaluator]") {
  Judged weighted = kFour, repeated{{2.5, 2.5, 0, 2, 8, 8, 8}, {3, 3, -.5, 2, 7, 7, 7}};
  weighted.weights = {2, 1, 1, 3};
  const auto by_weight = regression(weighted), by_row = regression(repeated);
  for (const auto& [name, value] : by_row.numbers)
    CHECK(by_weight[name] == Approx(value).epsilon(1e-13));
}

TEST_CASE("regression: targets beyond float keep their digits", "[ml][evaluator]") {
  // 1700000000 .. 1700000049 against their mean: in float all of them are 1700000000.
  Judged far;
  for (int i = 0; i < 50; ++i) {
    far.labels.push_back(1700000000.0 + i);
    far.outputs.push_back(1700000000.0 + 24.5);
  }
  CHECK(regression(far)["rmse"] == Approx(14.430869689661812).epsilon(1e-12));
}

TEST_CASE("regression: no rows give zeros, not an error", "[ml][evaluator]") {
  const auto metrics = regression({});
  for (const auto& [name, value] : metrics.numbers) CHECK(value == 0);
}

TEST_CASE("regression: the metrics hardly depend on how the rows are cut",
          "[ml][evaluator][property]") {
  const auto whole = regression(kFour);
  with_every_cut(evaluator_of(kEverything, kFour.columns()), kFour, [&](const auto& metrics) {
    for (const auto& [name, value] : whole.numbers)
      CHECK(metrics[name] == Approx(value).epsilon(1e-14));
  });
}

TEST_CASE("regression: without names there are RMSE, MAE and R2", "[ml][evaluator]") {
  const auto metrics = regression(kFour, "regression {}");
  CHECK(metrics.size() == 3);
  CHECK((metrics.contains("rmse") && metrics.contains("mae") && metrics.contains("r2")));
}

}  // namespace
}  // namespace lockstep::ml::tests
