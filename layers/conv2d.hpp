#pragma once
/// 2-d convolution (cross-correlation) with optional activation f. N = rows of the lane, G =
/// groups.
///   x [N, C, H, W]   weight [O, C/G, kh, kw]   bias [O]   y [N, O, H', W']
///   y[n, o, i, j] = f(b[o] + sum over c, u, v of W[o, c, u, v] x[n, c, i s - p + u d, j s - p + v
///   d])
/// with stride s, padding p, dilation d. Backward: layers/weighted.hpp.

#include "layers/weighted.hpp"

namespace lockstep::layers {

/// By oneDNN's direct convolution.
class Conv2d final : public Weighted {
 public:
  /// @throws ConfigError as conv2d_terms().
  Conv2d(const proto::Conv2d& config, const TensorSpec& input, const Build& build);
};

/// The layer of a config, by the algorithm that it names or that suits the shape (Conv2d, or
/// WinogradConv2d with the same numbers but for rounding).
/// @throws ConfigError as conv2d_terms(), or if WINOGRAD is asked for and cannot be.
std::unique_ptr<const Layer> make_conv2d(const proto::Conv2d& config, const TensorSpec& input,
                                         const Build& build);

}  // namespace lockstep::layers
