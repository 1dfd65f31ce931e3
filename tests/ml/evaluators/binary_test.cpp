#include "ml/evaluators/binary.hpp"

#include <cmath>

#include "tests/ml/evaluators/evaluator_rig.hpp"

namespace lockstep::ml::tests {
namespace {

const char* const kEverything =
    "binary { metric_name: [AREA_UNDER_ROC, AREA_UNDER_PR, ACCURACY, LOG_LOSS] }";
Judged binary_rows(std::vector<double> scores, std::vector<double> labels,
                   std::vector<double> weights = {}) {
  return {std::move(scores), std::move(labels), 1, true, std::move(weights)};
}

const Judged kEight = binary_rows({.9, .8, .7, .6, .55, .5, .4, .3}, {1, 1, 0, 1, 0, 1, 0, 0});
const Judged kTies = binary_rows({.9, .8, .8, .6, .6, .3}, {1, 1, 0, 1, 0, 0});

Found binary(const Judged& judged, const char* config = kEverything) {
  return metrics_of(evaluator_of(config, judged.columns()), judged);
}

TEST_CASE("binary: the areas of Spark's formulas (spark-parity 40)", "[ml][evaluator]") {
  const auto metrics = binary(kEight);
  CHECK(metrics["area_under_roc"] == Approx(.8125).epsilon(1e-12));
  CHECK(metrics["area_under_pr"] ==
        Approx(.8354166667).epsilon(1e-9));       // not the average precision, .8541666667
  CHECK(metrics["accuracy"] == Approx(5 / 8.0));  // .5 itself is class 0
}

TEST_CASE("binary: equal scores are one point (spark-parity 41)", "[ml][evaluator]") {
  const auto metrics = binary(kTies);
  CHECK(metrics["area_under_roc"] == Approx(.7777777778).epsilon(1e-9));
  CHECK(metrics["area_under_pr"] == Approx(.8222222222).epsilon(1e-9));
}

TEST_CASE("binary: whole rows count as often as they stand there", "[ml][evaluator]") {
  // The weights 1,2,1,1,1,1,1,2 of spark-parity 40, and as repetitions.
  const Judged repeated =
      binary_rows({.9, .8, .8, .7, .6, .55, .5, .4, .3, .3}, {1, 1, 1, 0, 1, 0, 1, 0, 0, 0});
  CHECK(binary(repeated)["area_under_roc"] == Approx(.88).epsilon(1e-12));
  Judged weighted = kEight;
  weighted.weights = {1, 2, 1, 1, 1, 1, 1, 2};
  const auto by_weight = binary(weighted), by_row = binary(repeated);
  for (const auto& [name, value] : by_row.numbers)
    CHECK(by_weight[name] == Approx(value).epsilon(1e-14));
}

TEST_CASE("binary: log loss is the mean of -log of the label's probability, bounded",
          "[ml][evaluator]") {
  const auto metrics = binary(binary_rows({.75, .25, .5}, {1, 0, 1}));
  CHECK(metrics["log_loss"] == Approx(-(2 * std::log(.75) + std::log(.5)) / 3).epsilon(1e-12));
  CHECK(binary(binary_rows({0, 1}, {1, 1}))["log_loss"] ==
        Approx(-std::log(1e-15) / 2).epsilon(1e-12));
}

TEST_CASE("binary: of two outputs the second is the score", "[ml][evaluator]") {
  Judged pairs{{}, kEight.labels, 2, true};
  for (const double p : kEight.outputs) pairs.outputs.insert(pairs.outputs.end(), {1 - p, p});
  const auto both = metrics_of(evaluator_of(kEverything, pairs.columns()), pairs);
  for (const auto& [name, value] : binary(kEight).numbers) CHECK(both[name] == value);
}

TEST_CASE("binary: one class alone gives 0 or 1, as Spark does", "[ml][evaluator]") {
  const auto positives = binary(binary_rows({.9, .2}, {1, 1})),
             negatives = binary(binary_rows({.9, .2}, {0, 0}));
  CHECK(positives["area_under_roc"] == 1);
  CHECK(positives["area_under_pr"] == 1);
  CHECK(negatives["area_under_roc"] == 0);
  CHECK(negatives["area_under_pr"] == 0);
  CHECK(positives["accuracy"] == 0.5);
}

TEST_CASE("binary: no rows give zeros, not an error", "[ml][evaluator]") {
  const auto metrics = binary(binary_rows({}, {}));
  for (const auto& [name, value] : metrics.numbers) CHECK(value == 0);
}

TEST_CASE("binary: the best, the worst and the blind ranking", "[ml][evaluator]") {
  CHECK(binary(binary_rows({.9, .8, .2, .1}, {1, 1, 0, 0}))["area_under_roc"] == 1);
  CHECK(binary(binary_rows({.9, .8, .2, .1}, {0, 0, 1, 1}))["area_under_roc"] == 0);
  CHECK(binary(binary_rows({.5, .5, .5, .5}, {0, 1, 0, 1}))["area_under_roc"] == 0.5);
}

TEST_CASE("binary: counts do not depend on how the rows are cut", "[ml][evaluator][property]") {
  for (const auto& judged : {kEight, kTies}) {
    const auto whole = binary(judged);
    with_every_cut(evaluator_of(kEverything, judged.columns()), judged, [&](const auto& metrics) {
      for (const char* exact : {"area_under_roc", "area_under_pr", "accuracy"})
        CHECK(metrics[exact] == whole[exact]);
      CHECK(metrics["log_loss"] == Approx(whole["log_loss"]).epsilon(1e-14));
    });
  }
}

TEST_CASE("binary: without names there are the area under ROC and the accuracy",
          "[ml][evaluator]") {
  const auto metrics = binary(kEight, "binary {}");
  CHECK(metrics.size() == 2);
  CHECK((metrics.contains("area_under_roc") && metrics.contains("accuracy")));
}

}  // namespace
}  // namespace lockstep::ml::tests
