#include "layers/cross_entropy.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/math.hpp"
#include "layers/softmax.hpp"

namespace lockstep::layers {

CrossEntropy::CrossEntropy(const proto::CrossEntropy& config, std::size_t outputs,
                           const std::string& at)
    : classes_(outputs), smoothing_(config.label_smoothing()), weights_(outputs, 1.0) {
  Where where;
  if (outputs < 2) {
    where.field = at;
    throw ConfigError(
        "cross-entropy needs two outputs or more, the network has " + std::to_string(outputs),
        where, "give the last layer one unit a class, or use binary_cross_entropy");
  }
  if (config.class_weights_size() != 0) {
    if (static_cast<std::size_t>(config.class_weights_size()) != outputs) {
      where.field = at + ".class_weights";
      throw ConfigError(
          fmt::format("{} class weights for {} classes", config.class_weights_size(), outputs),
          where, "give one weight a class");
    }
    weights_.assign(config.class_weights().begin(), config.class_weights().end());
  }
  for (const double w : weights_) weight_sum_ += w;
}

std::size_t CrossEntropy::class_of(float label) const {
  const auto count = static_cast<float>(classes_);
  if (label >= 0 && label < count) {
    const auto index = static_cast<std::size_t>(label);
    if (static_cast<float>(index) == label) return index;
  }
  Where where;
  where.field = "label";
  throw DataError(fmt::format("label {} is not a class of 0..{}", label, classes_ - 1), where,
                  "labels are class numbers from 0; the last layer needs one unit a class");
}

LaneResult CrossEntropy::evaluate(std::span<const float> logits, std::span<const float> labels,
                                  float* dlogits) const {
  LaneResult result;
  const double share = smoothing_ / static_cast<double>(classes_);
  for (std::size_t n = 0; n < labels.size(); ++n) {
    const float* z = logits.data() + n * classes_;
    const std::size_t c = class_of(labels[n]);
    const auto* largest = std::max_element(z, z + classes_);
    double sum = 0;
    for (std::size_t k = 0; k < classes_; ++k)
      sum += exp_exact(static_cast<double>(z[k]) - *largest);
    const double log_sum = *largest + log_exact(sum);
    const double hard = (1 - smoothing_) * weights_[c];
    result.loss += hard * (log_sum - z[c]);
    if (share > 0) {
      for (std::size_t k = 0; k < classes_; ++k)
        result.loss += share * weights_[k] * (log_sum - z[k]);
    }
    result.weight += weights_[c];
    result.correct += static_cast<std::size_t>(largest - z) == c ? 1 : 0;
    if (dlogits == nullptr) continue;
    float* dz = dlogits + n * classes_;
    const double total = hard + share * weight_sum_;
    for (std::size_t k = 0; k < classes_; ++k) {
      const double p = exp_exact(static_cast<double>(z[k]) - *largest) / sum;
      dz[k] = static_cast<float>(p * total - (k == c ? hard : 0) - share * weights_[k]);
    }
  }
  return result;
}

void CrossEntropy::present(std::span<const float> logits, float* outputs) const {
  softmax(logits.data(), outputs, logits.size() / classes_, classes_);
}

}  // namespace lockstep::layers
