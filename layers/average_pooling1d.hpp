#pragma once
/// Mean of each window of steps; layers/pooling1d.hpp has shapes and derivative.

#include "layers/pooling1d.hpp"

namespace lockstep::layers {

class AveragePooling1d final : public Pooling1d {
 public:
  AveragePooling1d(const proto::AveragePooling1d& config, const TensorSpec& input,
                   const Build& build);
};

}  // namespace lockstep::layers
