#pragma once
#include "ml/evaluators/evaluator.hpp"

namespace lockstep::ml {

/// Multiclass metrics from the confusion matrix and the sum of log losses.
/// n_ij = weight of the rows of true class i predicted as j.
///   precision_j = n_jj / sum_i n_ij, recall_i = n_ii / sum_j n_ij, F1 = 2 p r / (p + r), 0 where
///   the divisor is 0; the weighted ones are means over the classes by their true weights.
class MulticlassSums final : public EvaluatorSums {
 public:
  MulticlassSums(const proto::MulticlassEvaluator& config, const PredictionColumns& columns);
  void add(const data::Partition& partition, const PredictionColumns& columns) override;
  void merge(const EvaluatorSums& right) override;
  void save(Writer& out) const override;
  void load(Reader& in) override;
  void finish(Metrics& metrics) const override;

 private:
  double metric(proto::MulticlassEvaluator::Metric name) const;
  double count(std::size_t truth, std::size_t prediction) const {
    return counts_[truth * classes_ + prediction];
  }

  std::vector<proto::MulticlassEvaluator::Metric> names_;
  std::vector<std::string> class_names_;
  double eps_;
  std::size_t classes_;
  std::vector<double> counts_;  // [classes, classes]
  double log_loss_ = 0;
};

}  // namespace lockstep::ml
