#pragma once
/// Adds noise in training: y = x + deviation * normal, keyed by (seed, step, layer, row) as dropout
/// is; y = x afterwards. dx = dy. x, y [N, ...] in any layout; of images in a blocked layout the
/// padding stays zero.

#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class GaussianNoise final : public Layer {
 public:
  GaussianNoise(const proto::GaussianNoise& config, const TensorSpec& input, const Build& build);
  ~GaussianNoise() override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  struct Kernels;
  std::unique_ptr<const Kernels> kernels_;
};

}  // namespace lockstep::layers
