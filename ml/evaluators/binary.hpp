#pragma once
#include <map>

#include "ml/evaluator.hpp"

namespace lockstep::ml {

/// Binary metrics from the exact counts of positives and negatives at every distinct score.
/// ROC: points (FPR, TPR) over thresholds from high to low, (0,0) first, (1,1) last; area by
/// trapezoids. PR: points (recall, precision), first (0, precision of the highest threshold); area
/// by trapezoids, as Spark does.
class BinarySums final : public EvaluatorSums {
 public:
  explicit BinarySums(const proto::BinaryEvaluator& config);
  void add(const Scored& scored) override;
  void merge(const EvaluatorSums& right) override;
  void save(Writer& out) const override;
  void load(Reader& in) override;
  void finish(nlohmann::ordered_json& metrics) const override;

 private:
  struct Counts {
    std::int64_t positives = 0, negatives = 0;
  };
  double area_under_roc() const;
  double area_under_pr() const;
  Counts total() const;

  std::vector<proto::BinaryEvaluator::Metric> names_;
  std::map<float, Counts, std::greater<>> by_score_;  // highest score first
  double log_loss_ = 0;
  std::int64_t right_ = 0;
};

}  // namespace lockstep::ml
