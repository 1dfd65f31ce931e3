#pragma once
/// The same numbers in another shape: x [N, ...] -> y [N, shape...], both row-major; dx likewise. A
/// blocked input is brought to row-major first.

#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class Reshape : public Layer {
 public:
  /// @throws ConfigError if the shape has not one, two or three sizes, or not as many numbers as
  /// the input.
  Reshape(const proto::Reshape& config, const TensorSpec& input, const Build& build);
  ~Reshape() override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 protected:
  /// Expects as many numbers as the input has.
  Reshape(const Shape& shape, const TensorSpec& input, const Build& build);

 private:
  struct Kernels;
  std::unique_ptr<const Kernels> kernels_;
};

}  // namespace lockstep::layers
