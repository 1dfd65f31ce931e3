#pragma once
/// Every pixel becomes a block of a x b equal ones (nearest neighbour). N = rows of the lane.
///   x [N, C, H, W]   y [N, C, aH, bW]   y[n, c, i, j] = x[n, c, i / a, j / b]
///   dx = sum of dy over the block
/// A blocked input is brought to row-major first.

#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class UpSampling2d final : public Layer {
 public:
  /// @throws ConfigError if the input is no image or a size is 0.
  UpSampling2d(const proto::UpSampling2d& config, const TensorSpec& input, const Build& build);
  ~UpSampling2d() override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  struct Kernels;
  std::unique_ptr<const Kernels> kernels_;
};

}  // namespace lockstep::layers
