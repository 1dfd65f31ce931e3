#pragma once
/// Batch normalisation, per channel c (or feature) of x [N, C, H, W] or [N, C]; M = N H W values a
/// channel.
///   training:   y = w (x - mean) / sqrt(var + eps) + b,  mean and (biased) var of the lane's own
///   rows: "ghost batch" inference:  the same with running_mean and running_var dw = sum dy xhat,
///   db = sum dy,  dx = w / sqrt(var + eps) (dy - db / M - xhat dw / M),  xhat = (y - b) / w
/// The "gradient" of running_mean and running_var is N times the lane's mean and unbiased variance
/// (M / (M - 1), as PyTorch; a single value counts as it is), so that the tree's sum divided by the
/// rows is the batch's statistic.

#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class BatchNorm final : public Layer {
 public:
  /// @throws ConfigError if the input is neither vectors nor images.
  BatchNorm(const proto::BatchNorm& config, const TensorSpec& input, const Build& build);
  ~BatchNorm() override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  struct Kernels;
  void write_statistics(const Lane& lane) const;
  std::unique_ptr<const Kernels> kernels_;
};

}  // namespace lockstep::layers
