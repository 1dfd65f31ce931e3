#include "ml/evaluators/anomaly.hpp"

#include "core/error.hpp"
#include "tests/ml/evaluators/evaluator_rig.hpp"

namespace lockstep::ml::tests {
namespace {

PredictionColumns anomaly_columns() {
  PredictionColumns columns;
  columns.task = Task::Reconstruction;
  columns.score = "error";
  columns.anomaly = "anomaly";
  return columns;
}

MakeSums anomaly_evaluator(const std::string& text) {
  return evaluator_of(text, anomaly_columns());
}

}  // namespace

TEST_CASE("anomaly: the area by pairs, errors above 1 included", "[ml][evaluator]") {
  // Anomalies 7, 3, 1 against 2, 1, 0.5: 3 + 3 + 1.5 of 9 pairs are in order.
  const std::vector<double> errors{7, 2, 3, 1, 1, 0.5}, anomalies{1, 0, 1, 0, 1, 0};
  const auto part = [&](std::size_t begin, std::size_t end) {
    const auto cut = [&](const std::vector<double>& v) {
      return std::vector<double>(v.begin() + static_cast<std::ptrdiff_t>(begin),
                                 v.begin() + static_cast<std::ptrdiff_t>(end));
    };
    data::Partition partition;
    partition.row_ids = std::vector<std::uint64_t>(end - begin);
    partition.set("error", data::Numbers{cut(errors)});
    partition.set("anomaly", data::Numbers{cut(anomalies)});
    return partition;
  };
  const auto make = anomaly_evaluator("binary {}");
  const auto whole = make();
  whole->add(part(0, errors.size()), anomaly_columns());
  const auto metrics = finish(*whole);
  CHECK(metrics.size() == 2);
  CHECK(metrics["area_under_roc"] == Approx(7.5 / 9));
  with_every_cut(make, errors.size(), part, anomaly_columns(),
                 [&](const Found& cut) { CHECK(cut.numbers == metrics.numbers); });
}

TEST_CASE("anomaly: an error is no probability", "[ml][evaluator]") {
  CHECK_NOTHROW(anomaly_evaluator("binary { metric_name: AREA_UNDER_PR }"));
  CHECK_THROWS_AS(anomaly_evaluator("binary { metric_name: ACCURACY }"), ConfigError);
  CHECK_THROWS_AS(anomaly_evaluator("binary { metric_name: [AREA_UNDER_ROC, LOG_LOSS] }"),
                  ConfigError);
  CHECK_THROWS_AS(anomaly_evaluator("multiclass {}"), ConfigError);
}

TEST_CASE("anomaly: without known anomalies there is nothing to compare with", "[ml][evaluator]") {
  auto columns = anomaly_columns();
  columns.anomaly.clear();
  CHECK_THROWS_AS(evaluator_of("binary {}", columns), ConfigError);
}

}  // namespace lockstep::ml::tests
