#pragma once
/// A layer that is only an activation, y = f(x); formulas in layers/activation_kernel.hpp.
///   x, y [N, F] or [N, C, H, W]; element-wise functions keep the layout, the two softmaxes run
///   over all features of a row and give a plain y.

#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class Activation final : public Layer {
 public:
  Activation(const proto::ActivationLayer& config, const TensorSpec& input, const Build& build);
  ~Activation() override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  struct Kernels;
  std::unique_ptr<const Kernels> kernels_;
};

}  // namespace lockstep::layers
