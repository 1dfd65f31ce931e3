#pragma once
/// Any shape to a vector: x [N, ...] -> y [N, F], row-major. layers/reshape.hpp does it.

#include "layers/reshape.hpp"

namespace lockstep::layers {

class Flatten final : public Reshape {
 public:
  Flatten(const TensorSpec& input, const Build& build)
      : Reshape(Shape{static_cast<std::int64_t>(input.shape.size())}, input, build) {}
};

}  // namespace lockstep::layers
