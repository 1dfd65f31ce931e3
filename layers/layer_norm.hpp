#pragma once
/// Layer normalisation over all F features of each row of x [N, F] or [N, C, H, W] (F = C H W); y
/// plain.
///   y = w (x - mean) / sqrt(var + eps) + b,  mean and (biased) var of the row;  w, b of the
///   feature shape dw = sum over rows of dy xhat,  db = sum over rows of dy dx = (g - mean(g) -
///   xhat mean(g xhat)) / sqrt(var + eps),  g = dy w

#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class LayerNorm final : public Layer {
 public:
  LayerNorm(const proto::LayerNorm& config, const TensorSpec& input, const Build& build);
  ~LayerNorm() override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  struct Kernels;
  std::unique_ptr<const Kernels> kernels_;
};

}  // namespace lockstep::layers
