#include "ml/evaluators/regression.hpp"

#include <cmath>

#include "tests/ml/evaluator_rig.hpp"

namespace lockstep::ml::tests {
namespace {

const char* const kEverything = "regression { metric_name: [RMSE, MSE, MAE, R2, VAR] }";
const char* const kThroughOrigin =
    "regression { metric_name: [RMSE, MSE, MAE, R2, VAR] through_origin: true }";
const Judged kFour{{2.5f, 0, 2, 8}, {3, -.5f, 2, 7}};

nlohmann::ordered_json regression(const Judged& judged, const std::string& config = kEverything) {
  return metrics_of(evaluator_of(config, layers::Task::Regression, judged.width), judged);
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
  const Judged spark{{72.12f, 99.17f, 63.11f, 45.08f, 58.6f, 85.65f, 54.09f, 81.14f, 49.58f},
                     {77, 85, 62, 55, 63, 88, 57, 81, 51}};
  const auto metrics = regression(spark, kThroughOrigin);
  // 1e-6: the predictions are floats here.
  CHECK(metrics["var"] == Approx(294.88167).epsilon(1e-6));
  CHECK(metrics["mae"] == Approx(4.5888889).epsilon(1e-6));
  CHECK(metrics["mse"] == Approx(39.958711).epsilon(1e-6));
  CHECK(metrics["rmse"] == Approx(6.3212903).epsilon(1e-6));
  CHECK(metrics["r2"] == Approx(.99185384).epsilon(1e-7));
}

TEST_CASE("regression: several outputs a row count as so many numbers", "[ml][evaluator]") {
  CHECK(regression({kFour.outputs, kFour.labels, 2}) == regression(kFour));
}

TEST_CASE("regression: a large offset costs no digits", "[ml][evaluator]") {
  Judged far = kFour;
  for (auto* values : {&far.outputs, &far.labels}) {
    for (float& x : *values) x += 1 << 20;  // exact in float
  }
  const auto near = regression(kFour), shifted = regression(far);
  for (const auto& [name, value] : near.items())
    CHECK(shifted[name] == Approx(value.get<double>()).epsilon(1e-9));
}

TEST_CASE("regression: one row, and labels that are all the same", "[ml][evaluator]") {
  const auto one = regression({{3}, {5}});
  CHECK(one["mse"] == 4);
  CHECK(one["mae"] == 2);
  CHECK(one["var"] == 4);
  CHECK_FALSE(
      std::isfinite(one["r2"].get<double>()));  // there is nothing to explain; null in metrics.json
  CHECK(one["r2"].dump() == "null");
}

TEST_CASE("regression: no rows give zeros, not an error", "[ml][evaluator]") {
  const auto metrics = regression({});
  for (const auto& [name, value] : metrics.items()) CHECK(value == 0);
}

TEST_CASE("regression: the metrics hardly depend on how the rows are cut",
          "[ml][evaluator][property]") {
  const auto whole = regression(kFour);
  with_every_cut(evaluator_of(kEverything, layers::Task::Regression, 1), kFour,
                 [&](const auto& metrics) {
                   for (const auto& [name, value] : whole.items())
                     CHECK(metrics[name] == Approx(value.template get<double>()).epsilon(1e-14));
                 });
}

TEST_CASE("regression: without names there are RMSE, MAE and R2", "[ml][evaluator]") {
  const auto metrics = regression(kFour, "regression {}");
  CHECK(metrics.size() == 3);
  CHECK((metrics.contains("rmse") && metrics.contains("mae") && metrics.contains("r2")));
}

}  // namespace
}  // namespace lockstep::ml::tests
