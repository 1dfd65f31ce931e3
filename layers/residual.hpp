#pragma once
/// y = f(layers(x) + shortcut(x)); without shortcut layers, x itself is added.
///   dz = dy f',  dx = dlayers(dz) + dshortcut(dz)
/// y has the layout that the last of `layer` gives.

#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class Residual final : public Layer {
 public:
  /// @throws ConfigError if the two branches differ in shape.
  Residual(const proto::Residual& config, const TensorSpec& input, const Build& build);
  ~Residual() override;
  void to_plain(std::size_t index, const float* storage, float* plain) const override;
  void from_plain(std::size_t index, const float* plain, float* storage) const override;
  void pack(const float* parameters, float* packed) const override;
  void output_lengths(const Lane& lane, std::int32_t* lengths) const override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  struct Kernels;
  std::unique_ptr<const Kernels> kernels_;
};

}  // namespace lockstep::layers
