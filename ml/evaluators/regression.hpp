#pragma once
#include "ml/evaluators/evaluator.hpp"

namespace lockstep::ml {

/// Regression metrics over all outputs of all rows, y = label, f = prediction, m = mean of y,
/// each counted by the weight of its row:
///   mse = mean (y - f)^2, rmse = sqrt(mse), mae = mean |y - f|, var = mean (f - m)^2,
///   r2 = 1 - sum (y - f)^2 / sum (y - m)^2, or / sum y^2 through the origin.
class RegressionSums final : public EvaluatorSums {
 public:
  explicit RegressionSums(const proto::RegressionEvaluator& config);
  void add(const data::Partition& partition, const PredictionColumns& columns) override;
  void merge(const EvaluatorSums& right) override;
  void save(Writer& out) const override;
  void load(Reader& in) override;
  void finish(Metrics& metrics) const override;

 private:
  void add_number(double y, double f, double weight);
  double metric(proto::RegressionEvaluator::Metric name) const;

  std::vector<proto::RegressionEvaluator::Metric> names_;
  bool through_origin_;
  /// Means and centred sums (Chan, Golub, LeVeque 1979), so that large offsets lose no digits.
  struct Sums {
    double weight = 0, label_mean = 0, label_square = 0;  // sum (y - label_mean)^2
    double prediction_mean = 0, prediction_square = 0;    // sum (f - prediction_mean)^2
    double absolute = 0, squared = 0;                     // of y - f
  } sums_;
};

}  // namespace lockstep::ml
