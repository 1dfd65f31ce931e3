#pragma once
/// Binary cross-entropy on logits z [N, K] with labels t. Usually K = 1 and t is 0 or 1. With more
/// outputs (an autoencoder of pixels, say) each target lies in [0, 1], and a row's loss is the mean
/// over its outputs.
///   u = (1 - s) t + s / 2 with label smoothing s,  loss = w_t (softplus(z) - u z),  dz = w_t
///   (sigmoid(z) - u)

#include "layers/losses.hpp"

namespace lockstep::layers {

class BinaryCrossEntropy final : public Loss {
 public:
  /// @throws ConfigError if there are class weights, but not two, or more than one output.
  BinaryCrossEntropy(const proto::BinaryCrossEntropy& config, std::size_t outputs,
                     const std::string& at);

  Task task() const override { return outputs_ == 1 ? Task::Binary : Task::Regression; }
  std::string name() const override { return "binary_cross_entropy"; }
  std::size_t labels_per_row() const override { return outputs_; }
  LaneResult evaluate(std::span<const float> logits, std::span<const float> labels,
                      float* dlogits) const override;
  void present(std::span<const float> logits, float* outputs) const override;

 private:
  void check(float label) const;

  std::size_t outputs_;
  double smoothing_;
  double weights_[2] = {1, 1};  // of label 0 and label 1
};

}  // namespace lockstep::layers
