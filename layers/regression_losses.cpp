#include "layers/regression_losses.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace lockstep::layers {

std::string RegressionLoss::name() const {
  switch (kind_) {
    case Kind::Squared:
      return "mean_squared_error";
    case Kind::Absolute:
      return "mean_absolute_error";
    case Kind::Huber:
      return "huber";
  }
  return {};
}

RegressionLoss::Term RegressionLoss::term(double d) const {
  switch (kind_) {
    case Kind::Squared:
      return {d * d, 2 * d};
    case Kind::Absolute:
      return {std::abs(d), d > 0 ? 1.0 : d < 0 ? -1.0 : d};
    case Kind::Huber:
      if (std::abs(d) <= delta_) return {d * d / 2, d};
      return {delta_ * (std::abs(d) - delta_ / 2), d != d ? d : std::copysign(delta_, d)};
  }
  throw InternalError("an unknown regression loss");
}

LaneResult RegressionLoss::evaluate(std::span<const float> logits, std::span<const float> labels,
                                    float* dlogits) const {
  LaneResult result;
  const double mean = 1.0 / static_cast<double>(outputs_);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const Term t = term(static_cast<double>(logits[i]) - labels[i]);
    result.loss += t.loss * mean;
    if (dlogits != nullptr) dlogits[i] = static_cast<float>(t.slope * mean);
  }
  result.weight = static_cast<double>(labels.size() / outputs_);
  return result;
}

void RegressionLoss::present(std::span<const float> logits, float* outputs) const {
  std::copy(logits.begin(), logits.end(), outputs);
}

}  // namespace lockstep::layers
