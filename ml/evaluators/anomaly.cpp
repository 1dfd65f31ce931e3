#include "ml/evaluators/anomaly.hpp"

#include "core/error.hpp"

namespace lockstep::ml {

void AnomalySums::add(const Scored& scored) {
  expects(scored.anomalies.size() == scored.rows && scored.errors.size() == scored.rows,
          "each row has its error and tells whether it is an anomaly");
  areas_.add({scored.errors, 1, scored.anomalies, scored.rows});
}

void AnomalySums::merge(const EvaluatorSums& right) {
  areas_.merge(static_cast<const AnomalySums&>(right).areas_);
}

MakeSums make_anomaly_evaluator(const proto::BinaryEvaluator& config, const std::string& at) {
  using Metric = proto::BinaryEvaluator;
  auto areas = config;
  if (areas.metric_name_size() == 0) {
    areas.add_metric_name(Metric::AREA_UNDER_ROC);
    areas.add_metric_name(Metric::AREA_UNDER_PR);
  }
  for (const int name : areas.metric_name()) {
    if (name == Metric::AREA_UNDER_ROC || name == Metric::AREA_UNDER_PR) continue;
    throw ConfigError("the error of an autoencoder is no probability of an anomaly",
                      {.field = at + ".metric_name"}, "take AREA_UNDER_ROC or AREA_UNDER_PR");
  }
  return [areas] { return std::make_unique<AnomalySums>(areas); };
}

}  // namespace lockstep::ml
