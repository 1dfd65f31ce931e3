#include "layers/binary_cross_entropy.hpp"

#include <fmt/core.h>

#include "core/error.hpp"
#include "core/math.hpp"

namespace lockstep::layers {

BinaryCrossEntropy::BinaryCrossEntropy(const proto::BinaryCrossEntropy& config, std::size_t outputs,
                                       const std::string& at)
    : outputs_(outputs), smoothing_(config.label_smoothing()) {
  if (config.class_weights_size() == 0) return;
  Where where;
  where.field = at + ".class_weights";
  if (outputs != 1) {
    throw ConfigError(
        "class weights are for a network with one output, this has " + std::to_string(outputs),
        where);
  }
  if (config.class_weights_size() != 2) {
    throw ConfigError(fmt::format("{} class weights for two classes", config.class_weights_size()),
                      where, "give the weight of label 0 and that of label 1");
  }
  for (int i = 0; i < 2; ++i) weights_[i] = config.class_weights(i);
}

void BinaryCrossEntropy::check(float label) const {
  const bool fits = outputs_ == 1 ? label == 0 || label == 1 : label >= 0 && label <= 1;
  if (fits) return;
  Where where;
  where.field = "label";
  if (outputs_ == 1) throw DataError(fmt::format("label {} is neither 0 nor 1", label), where);
  throw DataError(fmt::format("target {} lies outside 0..1", label), where,
                  "scale the target column");
}

LaneResult BinaryCrossEntropy::evaluate(std::span<const float> logits,
                                        std::span<const float> labels, float* dlogits) const {
  LaneResult result;
  const double mean = 1.0 / static_cast<double>(outputs_);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    check(labels[i]);
    const double z = logits[i];
    const double target = (1 - smoothing_) * labels[i] + smoothing_ / 2;
    const double weight = weights_[labels[i] == 1 ? 1 : 0] * mean;
    result.loss += weight * (softplus(z) - target * z);
    result.weight += weight;
    if (outputs_ == 1) result.correct += (z > 0) == (labels[i] == 1) ? 1 : 0;
    if (dlogits != nullptr) dlogits[i] = static_cast<float>(weight * (sigmoid(z) - target));
  }
  if (outputs_ != 1) result.weight = static_cast<double>(labels.size() / outputs_);
  return result;
}

void BinaryCrossEntropy::present(std::span<const float> logits, float* outputs) const {
  for (std::size_t i = 0; i < logits.size(); ++i)
    outputs[i] = static_cast<float>(sigmoid(logits[i]));
}

}  // namespace lockstep::layers
