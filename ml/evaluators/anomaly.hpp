#pragma once
#include "ml/evaluators/binary.hpp"

namespace lockstep::ml {

/// How well a score tells known anomalies: the areas of a BinarySums over the columns `score` and
/// `anomaly`. The score is no probability, so there is no accuracy and no log loss.
class AnomalySums final : public EvaluatorSums {
 public:
  explicit AnomalySums(const proto::BinaryEvaluator& config) : areas_(config) {}
  void add(const data::Partition& partition, const PredictionColumns& columns) override;
  void merge(const EvaluatorSums& right) override;
  void save(Writer& out) const override { areas_.save(out); }
  void load(Reader& in) override { areas_.load(in); }
  void finish(Metrics& metrics) const override { areas_.finish(metrics); }

 private:
  BinarySums areas_;
};

/// Makes AnomalySums; both areas if the config names no metric. @throws ConfigError if it names
/// another one
MakeSums make_anomaly_evaluator(const proto::BinaryEvaluator& config, const std::string& at);

}  // namespace lockstep::ml
