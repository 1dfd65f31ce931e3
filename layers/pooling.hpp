#pragma once
/// What max_pooling and average_pooling share: one oneDNN pooling primitive, x [N, C, H, W] -> y
/// [N, C, H', W'].

#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"
#include "layers/window.hpp"

namespace lockstep::layers {

class Pooling : public Layer {
 public:
  ~Pooling() override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 protected:
  enum class Kind { Max, Average };

  /// @throws ConfigError if the input is no image or the window does not fit.
  Pooling(Kind kind, const WindowConfig& config, const TensorSpec& input, const Build& build);

 private:
  struct Kernels;
  std::unique_ptr<const Kernels> kernels_;
};

}  // namespace lockstep::layers
