#include "ml/evaluators/regression.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "ml/evaluators/names.hpp"

namespace lockstep::ml {

RegressionSums::RegressionSums(const proto::RegressionEvaluator& config)
    : through_origin_(config.through_origin()) {
  for (const int name : config.metric_name())
    names_.push_back(static_cast<proto::RegressionEvaluator::Metric>(name));
  using M = proto::RegressionEvaluator;
  if (names_.empty()) names_ = {M::RMSE, M::MAE, M::R2};
}

void RegressionSums::add(const Scored& scored) {
  for (std::size_t i = 0; i < scored.rows * scored.width; ++i) {
    const double y = scored.labels[i], f = scored.outputs[i], error = y - f;
    sums_.count += 1;
    const double dy = y - sums_.label_mean, df = f - sums_.prediction_mean;
    sums_.label_mean += dy / sums_.count;
    sums_.label_square += dy * (y - sums_.label_mean);
    sums_.prediction_mean += df / sums_.count;
    sums_.prediction_square += df * (f - sums_.prediction_mean);
    sums_.absolute += std::abs(error);
    sums_.squared += error * error;
  }
}

void RegressionSums::merge(const EvaluatorSums& right) {
  const Sums& b = static_cast<const RegressionSums&>(right).sums_;
  Sums& a = sums_;
  if (b.count == 0) return;
  const double count = a.count + b.count, cross = a.count * b.count / count;
  const double label_shift = b.label_mean - a.label_mean,
               prediction_shift = b.prediction_mean - a.prediction_mean;
  a.label_square += b.label_square + label_shift * label_shift * cross;
  a.prediction_square += b.prediction_square + prediction_shift * prediction_shift * cross;
  a.label_mean += label_shift * b.count / count;
  a.prediction_mean += prediction_shift * b.count / count;
  a.absolute += b.absolute;
  a.squared += b.squared;
  a.count = count;
}

void RegressionSums::save(Writer& out) const { out.value(sums_); }
void RegressionSums::load(Reader& in) { sums_ = in.value<Sums>(); }

double RegressionSums::metric(proto::RegressionEvaluator::Metric name) const {
  const Sums& s = sums_;
  if (s.count == 0) return 0;
  switch (name) {
    case proto::RegressionEvaluator::MSE:
      return s.squared / s.count;
    case proto::RegressionEvaluator::RMSE:
      return std::sqrt(s.squared / s.count);
    case proto::RegressionEvaluator::MAE:
      return s.absolute / s.count;
    case proto::RegressionEvaluator::VAR: {
      const double shift = s.prediction_mean - s.label_mean;
      return s.prediction_square / s.count + shift * shift;
    }
    case proto::RegressionEvaluator::R2: {
      const double total =
          s.label_square + (through_origin_ ? s.count * s.label_mean * s.label_mean : 0);
      return 1 - s.squared / total;
    }
  }
  return 0;
}

void RegressionSums::finish(nlohmann::ordered_json& metrics) const {
  for (const auto name : names_)
    metrics[metric_key(proto::RegressionEvaluator::Metric_Name(name))] = metric(name);
}

}  // namespace lockstep::ml
