#pragma once
/// Dense layer, y = f(x W^T + b). N = rows of the lane, F = input features, U = units.
///   x [N, F]   weight [U, F]   bias [U]   y [N, U]
/// An image [N, C, H, W] is brought to row-major [N, C H W] first; of a sequence [N, T, F] every
/// step is a row. Backward: layers/weighted.hpp.

#include "layers/weighted.hpp"

namespace lockstep::layers {

class Dense final : public Weighted {
 public:
  Dense(const proto::Dense& config, const TensorSpec& input, const Build& build);
};

}  // namespace lockstep::layers
