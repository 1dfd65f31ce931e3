#pragma once
/// Dropout: y = m x, dx = m dy, with m = 0 for a share `rate` of the values and 1 / (1 - rate) for
/// the others. Whether a value falls is a function of (seed, step, layer number, row id, feature in
/// row-major order) alone: neither the lane's layout nor its other rows matter. In inference y = x.

#include <cstdint>
#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class Dropout final : public Layer {
 public:
  Dropout(const proto::Dropout& config, const TensorSpec& input, const Build& build);
  ~Dropout() override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  struct Kernels;
  std::unique_ptr<const Kernels> kernels_;
};

}  // namespace lockstep::layers
