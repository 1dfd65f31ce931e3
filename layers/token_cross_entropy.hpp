#pragma once
/// Cross-entropy of the words of texts, from the logits of an encoder_decoder. V words, T words of
/// the longest target, N rows; row n has the words w of its labels [T] (layers/target_words.hpp)
/// and is to give w, END: n + 1 steps. P = steps of all rows.
///   logits z [P, V], row after row; label smoothing s; c = word of the step, p = softmax(z)
///   loss(step) = -(1 - s) log p_c - s / V sum_k log p_k     dz_k = p_k - (1 - s) [k = c] - s / V
/// Weight and count of right predictions are those of steps, so that a mean is one over words.
/// Exponentials in single precision, sums in double.

#include "layers/losses.hpp"

namespace lockstep::layers {

class TokenCrossEntropy final : public Loss {
 public:
  /// `outputs`: (T + 1) V. @throws ConfigError if the vocabulary does not divide them
  TokenCrossEntropy(const proto::TokenCrossEntropy& config, std::size_t outputs,
                    const std::string& at);

  Task task() const override { return Task::Sequence; }
  std::string name() const override { return "token_cross_entropy"; }
  std::size_t labels_per_row() const override { return length_; }
  LaneResult evaluate(std::span<const float> logits, std::span<const float> labels,
                      float* dlogits) const override;
  void present(std::span<const float>, float*) const override {}  ///< texts are written, not shown

 private:
  void add_step(const float* z, float word, float* dz, LaneResult& result) const;

  std::size_t words_, length_;
  double smoothing_;
};

}  // namespace lockstep::layers
