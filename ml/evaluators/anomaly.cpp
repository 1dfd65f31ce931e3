#include "ml/evaluators/anomaly.hpp"

#include "core/error.hpp"

namespace lockstep::ml {

void AnomalySums::add(const data::Partition& partition, const PredictionColumns& columns) {
  const auto& scores = *numbers_of(partition, columns.score);
  const auto& anomalies = *numbers_of(partition, columns.anomaly);
  const auto* weights = numbers_of(partition, columns.weight);
  for (std::size_t row = 0; row < partition.rows(); ++row)
    areas_.add_row(scores[row], anomalies[row] == 1, weight_of(weights, row));
}

void AnomalySums::merge(const EvaluatorSums& right) {
  areas_.merge(static_cast<const AnomalySums&>(right).areas_);
}

MakeSums make_anomaly_evaluator(const proto::BinaryEvaluator& config, const std::string& at) {
  using Names = proto::BinaryEvaluator;
  auto areas = config;
  if (areas.metric_name_size() == 0) {
    areas.add_metric_name(Names::AREA_UNDER_ROC);
    areas.add_metric_name(Names::AREA_UNDER_PR);
  }
  for (const int name : areas.metric_name()) {
    if (name == Names::AREA_UNDER_ROC || name == Names::AREA_UNDER_PR) continue;
    throw ConfigError("the error of an autoencoder is no probability of an anomaly",
                      {.field = at + ".metric_name"}, "take AREA_UNDER_ROC or AREA_UNDER_PR");
  }
  return [areas] { return std::make_unique<AnomalySums>(areas); };
}

}  // namespace lockstep::ml
