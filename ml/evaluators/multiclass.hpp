#pragma once
#include "ml/evaluator.hpp"

namespace lockstep::ml {

/// Multiclass metrics from the confusion matrix and the sum of log losses.
/// n_ij = rows of true class i predicted as j; prediction = the largest output, the first of
/// equals.
///   precision_j = n_jj / sum_i n_ij, recall_i = n_ii / sum_j n_ij, F1 = 2 p r / (p + r), 0 where
///   the divisor is 0; the weighted ones are means over the classes by their true counts.
class MulticlassSums final : public EvaluatorSums {
 public:
  MulticlassSums(const proto::MulticlassEvaluator& config, std::size_t classes);
  void add(const Scored& scored) override;
  void merge(const EvaluatorSums& right) override;
  void save(Writer& out) const override;
  void load(Reader& in) override;
  void finish(nlohmann::ordered_json& metrics) const override;

 private:
  double metric(proto::MulticlassEvaluator::Metric name) const;
  std::int64_t count(std::size_t truth, std::size_t prediction) const {
    return counts_[truth * classes_ + prediction];
  }

  std::vector<proto::MulticlassEvaluator::Metric> names_;
  double eps_;
  std::size_t classes_;
  std::vector<std::int64_t> counts_;  // [classes, classes]
  double log_loss_ = 0;
};

}  // namespace lockstep::ml
