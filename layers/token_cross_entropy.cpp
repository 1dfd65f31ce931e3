#include "layers/token_cross_entropy.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/float_math.hpp"
#include "core/simd.hpp"
#include "layers/softmax.hpp"
#include "layers/target_words.hpp"

namespace lockstep::layers {
namespace {

// dz = e^(z - log_sum) - share
LOCKSTEP_SIMD void softmax_less(const float* z, std::size_t n, float log_sum, float share,
                                float* dz) {
  for (std::size_t k = 0; k < n; ++k) dz[k] = float_exp(z[k] - log_sum) - share;
}

LOCKSTEP_SIMD double sum_of(const float* z, std::size_t n) {
  double parts[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (std::size_t k = 0; k < 8; ++k) parts[k] += static_cast<double>(z[i + k]);
  for (; i < n; ++i) parts[i & 7] += static_cast<double>(z[i]);
  return ((parts[0] + parts[1]) + (parts[2] + parts[3])) +
         ((parts[4] + parts[5]) + (parts[6] + parts[7]));
}

}  // namespace

TokenCrossEntropy::TokenCrossEntropy(const proto::TokenCrossEntropy& config, std::size_t outputs,
                                     const std::string& at)
    : words_(config.vocabulary_size()), length_(0), smoothing_(config.label_smoothing()) {
  if (words_ <= static_cast<std::size_t>(kEndId) || outputs % words_ != 0 || outputs / words_ < 2) {
    Where where;
    where.field = at;
    throw ConfigError(
        fmt::format("{} outputs a row are not logits of {} words a step", outputs, words_), where,
        "this loss is for a network that ends with an encoder_decoder");
  }
  length_ = outputs / words_ - 1;
}

void TokenCrossEntropy::add_step(const float* z, float word, float* dz, LaneResult& result) const {
  const auto c = static_cast<std::size_t>(word);
  const double log_sum = log_sum_exp(z, words_);
  const double share = smoothing_ / static_cast<double>(words_);
  result.loss += (1 - smoothing_) * (log_sum - static_cast<double>(z[c]));
  if (smoothing_ > 0) result.loss += smoothing_ * log_sum - share * sum_of(z, words_);
  result.weight += 1;
  result.correct += std::max_element(z, z + words_) == z + c ? 1 : 0;
  if (dz == nullptr) return;
  softmax_less(z, words_, static_cast<float>(log_sum), static_cast<float>(share), dz);
  dz[c] -= static_cast<float>(1 - smoothing_);
}

LaneResult TokenCrossEntropy::evaluate(std::span<const float> logits, std::span<const float> labels,
                                       float* dlogits) const {
  LaneResult result;
  std::size_t at = 0;  // in the logits
  const auto take = [&](float word) {
    add_step(logits.data() + at, word, dlogits == nullptr ? nullptr : dlogits + at, result);
    at += words_;
  };
  for (; !labels.empty(); labels = labels.subspan(length_)) {
    for (const float word : target_words(labels.first(length_))) take(word);
    take(kEndId);
  }
  return result;
}

}  // namespace lockstep::layers
