#pragma once
/// What conv2d and dense share: y = f(x * W + b) with oneDNN's forward, backward-data and
/// backward-weights.
///
/// Storage of the weight is the layout that backward-weights writes at lane_size rows, so gradients
/// are never reordered. pack() makes one copy for the forward pass and one for backward-data, each
/// only if its layout differs. For other numbers of rows oneDNN may prefer other layouts: such a
/// variant reorders inside the pass. In bf16 the factors x, W and dz are rounded where they are
/// brought into the kernels' layouts; y, dW, db and dx are f32.
///   dW = x^T * dz,  db = sum over rows (and places) of dz,  dx = dz * W^T,  dz = dy f'(z)

#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class Weighted : public Layer {
 public:
  ~Weighted() override;
  void to_plain(std::size_t index, const float* storage, float* plain) const override;
  void from_plain(std::size_t index, const float* plain, float* storage) const override;
  void pack(const float* parameters, float* packed) const override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 protected:
  struct Plan;     // what a layer hands over: layers/weighted_plan.hpp
  struct Kernels;  // what becomes of it

  Weighted();

  /// Called once by the derived constructor, after output_ is set.
  void compile(const Plan& plan, const Build& build);

  std::unique_ptr<const Kernels> kernels_;
};

}  // namespace lockstep::layers
