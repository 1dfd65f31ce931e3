#pragma once
/// Transposed 2-d convolution with optional activation f: the gradient of conv2d by its input, as a
/// layer. N = rows of the lane.
///   x [N, C, H, W]   weight [C, O, kh, kw]   bias [O]   y [N, O, H', W']
///   y[n, o, i s - p + u d, j s - p + v d] += W[c, o, u, v] x[n, c, i, j];  y = f(y + b[o])
///   H' = (H - 1) s - 2 p + d (kh - 1) + 1 + output_pad;  SAME: H' = H s
/// Backward: layers/weighted.hpp.

#include "layers/weighted.hpp"

namespace lockstep::layers {

class Conv2dTranspose final : public Weighted {
 public:
  /// @throws ConfigError if the input is no image, or padding and kernel do not fit.
  Conv2dTranspose(const proto::Conv2dTranspose& config, const TensorSpec& input,
                  const Build& build);
};

}  // namespace lockstep::layers
