#pragma once
/// A dense layer whose weight is that of an earlier one, transposed: y = f(x W + b). N = rows of
/// the lane; the owner of the weight maps [F] to [U].
///   x [N, U]   W [U, F], the owner's   bias [F]   y [N, F]
///   dW = x^T dz goes to Lane::tied_gradient, from where it is added to the owner's;  dx = dz W^T

#include <memory>

#include "layers/activation_kernel.hpp"
#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class TiedDense final : public Layer {
 public:
  /// build.tied is the owner. @throws ConfigError if the input or units do not fit it.
  TiedDense(const proto::Dense& config, const TensorSpec& input, const Build& build);
  ~TiedDense() override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  std::size_t inputs_ = 0, outputs_ = 0;  // U and F
  bool bias_;
  proto::Precision precision_;
  std::unique_ptr<const ActivationKernel> activation_;
};

}  // namespace lockstep::layers
