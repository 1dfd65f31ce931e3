#pragma once
/// y = f(x) for every kind of activation on one layout; used by the activation layer and by the
/// layers that have an `activation` field. Includes oneDNN: only sources include this.
///   RELU        max(x, 0)                      f' = [y > 0]
///   LEAKY_RELU  x > 0 ? x : alpha x            f' = x > 0 ? 1 : alpha
///   ELU         x > 0 ? x : alpha (e^x - 1)    f' = x > 0 ? 1 : alpha e^x = y + alpha
///   GELU        x/2 (1 + erf(x / sqrt 2))      f' = (1 + erf(x / sqrt 2)) / 2 + x e^(-x^2/2) /
///   sqrt(2 pi) SIGMOID     1 / (1 + e^-x)                 f' = y (1 - y) TANH        tanh x f' = 1
///   - y^2 SOFTMAX, LOG_SOFTMAX: layers/softmax.hpp

#include "core/proto/layers.pb.h"
#include "layers/onednn/factory.hpp"
#include "layers/onednn/primitive.hpp"
#include "layers/softmax.hpp"

namespace lockstep::layers {

/// 0.01 for LEAKY_RELU, 1 for ELU.
double default_alpha(proto::Activation kind);

class ActivationKernel {
 public:
  ActivationKernel() = default;  ///< NONE: must not be run

  /// `desc`: layout of x and y, [N, F] or [N, C, H, W]; plain for the two softmaxes.
  ActivationKernel(proto::Activation kind, double alpha, const onednn::Desc& desc);

  explicit operator bool() const noexcept { return kind_ != proto::NONE; }

  /// Whether backward() needs x; else it needs y.
  bool needs_input() const noexcept { return needs_input_; }
  std::size_t scratch_floats() const;

  void forward(const float* x, float* y, float* scratch) const;

  /// `value`: x if needs_input(), else y. dx = f' dy; dx may be dy.
  void backward(const float* value, const float* dy, float* dx, float* scratch) const;

 private:
  proto::Activation kind_ = proto::NONE;
  bool needs_input_ = false;
  std::size_t rows_ = 0, columns_ = 0;  // of the softmaxes
  onednn::Primitive forward_, backward_;
};

}  // namespace lockstep::layers
