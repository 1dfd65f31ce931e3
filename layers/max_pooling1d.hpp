#pragma once
/// Largest value of each window of steps; layers/pooling1d.hpp has shapes and derivative.

#include "layers/pooling1d.hpp"

namespace lockstep::layers {

class MaxPooling1d final : public Pooling1d {
 public:
  MaxPooling1d(const proto::MaxPooling1d& config, const TensorSpec& input, const Build& build);
};

}  // namespace lockstep::layers
