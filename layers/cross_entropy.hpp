#pragma once
/// Cross-entropy on logits z [N, K] with labels c in 0 .. K - 1. p = softmax(z), class weights w (1
/// if there are none), label smoothing s; the definition is PyTorch's:
///   loss(row) = -(1 - s) w_c log p_c - s / K sum_k w_k log p_k            weight(row) = w_c
///   dz_k = p_k ((1 - s) w_c + s / K sum_j w_j) - (1 - s) w_c [k = c] - s / K w_k

#include <vector>

#include "layers/losses.hpp"

namespace lockstep::layers {

class CrossEntropy final : public Loss {
 public:
  /// @throws ConfigError if there are fewer than two outputs, or the weights are not one a class.
  CrossEntropy(const proto::CrossEntropy& config, std::size_t outputs, const std::string& at);

  Task task() const override { return Task::Multiclass; }
  std::string name() const override { return "cross_entropy"; }
  std::size_t labels_per_row() const override { return 1; }
  LaneResult evaluate(std::span<const float> logits, std::span<const float> labels,
                      float* dlogits) const override;
  void present(std::span<const float> logits, float* outputs) const override;

 private:
  struct Row;
  std::size_t class_of(float label) const;

  std::size_t classes_;
  double smoothing_;
  std::vector<double> weights_;  // [K]
  double weight_sum_ = 0;
};

}  // namespace lockstep::layers
