#pragma once
/// Largest value in each window; padding is minus infinity.
///   y[n, c, i, j] = max over u, v of x[n, c, i s - p + u, j s - p + v]
///   dx gets dy at the place of the largest value (the first of equals), summed where windows
///   overlap.

#include "layers/pooling.hpp"

namespace lockstep::layers {

class MaxPooling final : public Pooling {
 public:
  MaxPooling(const proto::MaxPooling& config, const TensorSpec& input, const Build& build);
};

}  // namespace lockstep::layers
