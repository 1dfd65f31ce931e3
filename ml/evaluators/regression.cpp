#include "ml/evaluators/regression.hpp"

#include <cmath>

namespace lockstep::ml {

RegressionSums::RegressionSums(const proto::RegressionEvaluator& config)
    : through_origin_(config.through_origin()) {
  for (const int name : config.metric_name())
    names_.push_back(static_cast<proto::RegressionEvaluator::Metric>(name));
  using M = proto::RegressionEvaluator;
  if (names_.empty()) names_ = {M::RMSE, M::MAE, M::R2};
}

void RegressionSums::add(const data::Partition& partition, const PredictionColumns& columns) {
  const auto& labels = partition.column(columns.label);
  const auto& predictions = partition.column(columns.prediction);
  const auto* weights = numbers_of(partition, columns.weight);
  std::vector<double> y(data::width_of(predictions)), f(y.size());
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    data::copy_row(labels, row, y.data());
    data::copy_row(predictions, row, f.data());
    const double weight = weight_of(weights, row);
    for (std::size_t j = 0; j < y.size(); ++j) add_number(y[j], f[j], weight);
  }
}

void RegressionSums::add_number(double y, double f, double weight) {
  if (weight == 0) return;
  const double error = y - f;
  sums_.weight += weight;
  const double dy = y - sums_.label_mean, df = f - sums_.prediction_mean;
  sums_.label_mean += weight * dy / sums_.weight;
  sums_.label_square += weight * dy * (y - sums_.label_mean);
  sums_.prediction_mean += weight * df / sums_.weight;
  sums_.prediction_square += weight * df * (f - sums_.prediction_mean);
  sums_.absolute += weight * std::abs(error);
  sums_.squared += weight * error * error;
}

void RegressionSums::merge(const EvaluatorSums& right) {
  const Sums& b = static_cast<const RegressionSums&>(right).sums_;
  Sums& a = sums_;
  if (b.weight == 0) return;
  const double weight = a.weight + b.weight, cross = a.weight * b.weight / weight;
  const double label_shift = b.label_mean - a.label_mean,
               prediction_shift = b.prediction_mean - a.prediction_mean;
  a.label_square += b.label_square + label_shift * label_shift * cross;
  a.prediction_square += b.prediction_square + prediction_shift * prediction_shift * cross;
  a.label_mean += label_shift * b.weight / weight;
  a.prediction_mean += prediction_shift * b.weight / weight;
  a.absolute += b.absolute;
  a.squared += b.squared;
  a.weight = weight;
}

void RegressionSums::save(Writer& out) const { out.value(sums_); }
void RegressionSums::load(Reader& in) { sums_ = in.value<Sums>(); }

double RegressionSums::metric(proto::RegressionEvaluator::Metric name) const {
  const Sums& s = sums_;
  if (s.weight == 0) return 0;
  switch (name) {
    case proto::RegressionEvaluator::MSE:
      return s.squared / s.weight;
    case proto::RegressionEvaluator::RMSE:
      return std::sqrt(s.squared / s.weight);
    case proto::RegressionEvaluator::MAE:
      return s.absolute / s.weight;
    case proto::RegressionEvaluator::VAR: {
      const double shift = s.prediction_mean - s.label_mean;
      return s.prediction_square / s.weight + shift * shift;
    }
    case proto::RegressionEvaluator::R2: {
      const double total =
          s.label_square + (through_origin_ ? s.weight * s.label_mean * s.label_mean : 0);
      return 1 - s.squared / total;
    }
  }
  return 0;
}

void RegressionSums::finish(Metrics& metrics) const {
  for (const auto name : names_)
    ml::add(metrics, metric_key(proto::RegressionEvaluator::Metric_Name(name)), metric(name));
}

}  // namespace lockstep::ml
