#pragma once
/// One number for all steps of a row. N = rows of the lane, T = steps, F = features, L_n = steps of
/// row n, T where the input is not masked.
///   x [N, T, F]   y [N, F]
///   mean_over_time  y[n, f] = sum over t < L_n of x[n, t, f] / L_n     dx[n, t, f] = dy[n, f] /
///   L_n max_over_time   y[n, f] = max over t < L_n of x[n, t, f]           dx = dy at the first
///   largest
/// A row without steps gives 0 and takes no gradient.

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class OverTime : public Layer {
 protected:
  /// @throws ConfigError if the input is not [T, F].
  OverTime(const char* kind, const TensorSpec& input, const Build& build);

  std::size_t steps_, features_;
};

class MeanOverTime final : public OverTime {
 public:
  MeanOverTime(const TensorSpec& input, const Build& build);
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;
};

class MaxOverTime final : public OverTime {
 public:
  MaxOverTime(const TensorSpec& input, const Build& build);
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;
};

}  // namespace lockstep::layers
