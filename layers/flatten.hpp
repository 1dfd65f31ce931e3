#pragma once
/// [N, C, H, W] -> [N, C H W], row-major. What lies plain already is copied.

#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class Flatten final : public Layer {
 public:
  Flatten(const TensorSpec& input, const Build& build);
  ~Flatten() override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  struct Kernels;
  std::unique_ptr<const Kernels> kernels_;
};

}  // namespace lockstep::layers
