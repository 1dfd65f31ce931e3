#pragma once
/// Mean over height and width, x [N, C, H, W] -> y [N, C], y plain.
///   y[n, c] = sum over i, j of x[n, c, i, j] / (H W)       dx[n, c, i, j] = dy[n, c] / (H W)

#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class GlobalAveragePooling final : public Layer {
 public:
  /// @throws ConfigError if the input is no image.
  GlobalAveragePooling(const TensorSpec& input, const Build& build);
  ~GlobalAveragePooling() override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  struct Kernels;
  std::unique_ptr<const Kernels> kernels_;
};

}  // namespace lockstep::layers
