#include "ml/evaluators/multiclass.hpp"

#include <cmath>

#include "tests/ml/evaluators/evaluator_rig.hpp"

namespace lockstep::ml::tests {
namespace {

const char* const kEverything =
    "multiclass { metric_name: [ACCURACY, F1, WEIGHTED_PRECISION, WEIGHTED_RECALL, HAMMING_LOSS, "
    "LOG_LOSS, CONFUSION_MATRIX] }";

// Rows that are predicted as these classes, with probability 0.5 and 0.25 for each other.
Judged predicted_as(const std::vector<int>& predicted, const std::vector<double>& labels) {
  Judged judged{{}, labels, 3, true};
  for (const int c : predicted) {
    for (int k = 0; k < 3; ++k) judged.outputs.push_back(k == c ? 0.5 : 0.25);
  }
  return judged;
}

const Judged kTen = predicted_as({0, 0, 1, 2, 1, 1, 0, 2, 2, 1}, {0, 0, 0, 0, 1, 1, 1, 2, 2, 2});

Found multiclass(const Judged& judged, const std::string& config = kEverything) {
  return metrics_of(evaluator_of(config, judged.columns()), judged);
}

TEST_CASE("multiclass: the worked example (spark-parity 42)", "[ml][evaluator]") {
  const auto metrics = multiclass(kTen);
  CHECK(metrics.matrices.at("confusion_matrix").values ==
        std::vector<double>{2, 1, 1, 1, 2, 0, 0, 1, 2});
  CHECK(metrics["accuracy"] == Approx(.6).epsilon(1e-12));
  CHECK(metrics["f1"] == Approx(.6).epsilon(1e-12));
  CHECK(metrics["weighted_precision"] == Approx(.6166666667).epsilon(1e-9));
  CHECK(metrics["weighted_recall"] == Approx(.6).epsilon(1e-12));
  CHECK(metrics["hamming_loss"] == Approx(.4).epsilon(1e-12));
  CHECK(metrics["log_loss"] == Approx(-(6 * std::log(.5) + 4 * std::log(.25)) / 10).epsilon(1e-12));
}

TEST_CASE("multiclass: log loss and its bound (spark-parity 43)", "[ml][evaluator]") {
  Judged judged{{.7, .2, .1, .1, .8, .1, .2, .3, .5}, {0, 1, 2}, 3, true};
  CHECK(multiclass(judged)["log_loss"] == Approx(.4243218919).epsilon(1e-7));
  judged.outputs.insert(judged.outputs.end(), {0, .5, .5});
  judged.labels.push_back(0);
  CHECK(multiclass(judged)["log_loss"] == Approx(8.9529355177).epsilon(1e-7));
  CHECK(multiclass(judged, "multiclass { metric_name: LOG_LOSS eps: 0.25 }")["log_loss"] ==
        Approx((3 * .4243218919 - std::log(.25)) / 4).epsilon(1e-7));
}

TEST_CASE("multiclass: of equal outputs the first is the prediction", "[ml][evaluator]") {
  CHECK(multiclass({{.4, .4, .2}, {0}, 3, true})["accuracy"] == 1);
  CHECK(multiclass({{.4, .4, .2}, {1}, 3, true})["accuracy"] == 0);
}

TEST_CASE("multiclass: one output is the probability of class 1", "[ml][evaluator]") {
  const auto metrics = multiclass({{.9, .5, .2, .75}, {1, 1, 0, 0}, 1, true});
  CHECK(metrics.matrices.at("confusion_matrix").values == std::vector<double>{1, 1, 1, 1});
  CHECK(metrics["log_loss"] ==
        Approx(-(std::log(.9) + std::log(.5) + std::log(.8) + std::log(.25)) / 4).epsilon(1e-7));
}

TEST_CASE("multiclass: one class only, and a class that is never predicted", "[ml][evaluator]") {
  const auto right = multiclass(predicted_as({2, 2}, {2, 2})),
             wrong = multiclass(predicted_as({0, 1}, {2, 2}));
  for (const char* name : {"accuracy", "f1", "weighted_precision", "weighted_recall"}) {
    CHECK(right[name] == 1);
    CHECK(wrong[name] == 0);
  }
  CHECK(right["hamming_loss"] == 0);
  CHECK(right.matrices.at("confusion_matrix").values ==
        std::vector<double>{0, 0, 0, 0, 0, 0, 0, 0, 2});
}

TEST_CASE("multiclass: no rows give zeros, not an error", "[ml][evaluator]") {
  const auto metrics = multiclass({{}, {}, 3, true});
  CHECK(metrics["accuracy"] == 0);
  CHECK(metrics["f1"] == 0);
  CHECK(metrics["log_loss"] == 0);
}

TEST_CASE("multiclass: counts do not depend on how the rows are cut", "[ml][evaluator][property]") {
  const auto whole = multiclass(kTen);
  with_every_cut(evaluator_of(kEverything, kTen.columns()), kTen, [&](const auto& metrics) {
    for (const auto& [name, value] : whole.numbers) {
      if (name != "log_loss") CHECK(metrics[name] == value);
    }
    CHECK(metrics.matrices == whole.matrices);
    CHECK(metrics["log_loss"] == Approx(whole["log_loss"]).epsilon(1e-14));
  });
}

TEST_CASE("multiclass: a weight counts as so many rows", "[ml][evaluator]") {
  Judged weighted = predicted_as({0, 1, 2, 1}, {0, 0, 2, 1});
  weighted.weights = {2, 1, 3, 1};
  const auto by_weight = multiclass(weighted),
             by_row = multiclass(predicted_as({0, 0, 1, 2, 2, 2, 1}, {0, 0, 0, 2, 2, 2, 1}));
  CHECK(by_weight.matrices == by_row.matrices);
  for (const auto& [name, value] : by_row.numbers)
    CHECK(by_weight[name] == Approx(value).epsilon(1e-14));
}

TEST_CASE("multiclass: the confusion matrix comes with the names of the classes",
          "[ml][evaluator]") {
  auto columns = kTen.columns();
  columns.class_names = {"cat", "dog", "owl"};
  Metrics metrics;
  evaluator_of("multiclass { metric_name: CONFUSION_MATRIX }", columns)()->finish(metrics);
  REQUIRE(metrics.size() == 2);
  CHECK(metrics[0] == Metric{"classes", columns.class_names});
}

TEST_CASE("multiclass: without names there are accuracy, F1 and log loss", "[ml][evaluator]") {
  const auto metrics = multiclass(kTen, "multiclass {}");
  CHECK(metrics.size() == 3);
  CHECK((metrics.contains("accuracy") && metrics.contains("f1") && metrics.contains("log_loss")));
}

}  // namespace
}  // namespace lockstep::ml::tests
