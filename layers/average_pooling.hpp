#pragma once
/// Mean of each window; padding does not count.
///   y[n, c, i, j] = mean over u, v inside the image of x[n, c, i s - p + u, j s - p + v]
///   dx gets dy / count at each place of the window, summed where windows overlap.

#include "layers/pooling.hpp"

namespace lockstep::layers {

class AveragePooling final : public Pooling {
 public:
  AveragePooling(const proto::AveragePooling& config, const TensorSpec& input, const Build& build);
};

}  // namespace lockstep::layers
