#pragma once
#include <map>

#include "ml/evaluators/evaluator.hpp"

namespace lockstep::ml {

/// Binary metrics from the weights of positives and negatives at every distinct score, the
/// probability of class 1.
/// ROC: points (FPR, TPR) over thresholds from high to low, (0,0) first, (1,1) last; area by
/// trapezoids. PR: points (recall, precision), first (0, precision of the highest threshold); area
/// by trapezoids, as Spark does.
class BinarySums final : public EvaluatorSums {
 public:
  explicit BinarySums(const proto::BinaryEvaluator& config);
  void add(const data::Partition& partition, const PredictionColumns& columns) override;
  void add_row(double score, bool positive, double weight);
  void merge(const EvaluatorSums& right) override;
  void save(Writer& out) const override;
  void load(Reader& in) override;
  void finish(Metrics& metrics) const override;

 private:
  struct Counts {  // sums of weights
    double positives = 0, negatives = 0;
  };
  double area_under_roc() const;
  double area_under_pr() const;
  double metric(proto::BinaryEvaluator::Metric name) const;
  Counts total() const;

  std::vector<proto::BinaryEvaluator::Metric> names_;
  std::map<double, Counts, std::greater<>> by_score_;  // highest score first
  double log_loss_ = 0, right_ = 0;
};

}  // namespace lockstep::ml
