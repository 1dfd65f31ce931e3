#pragma once
/// What dropout multiplies with: 0 for a share `rate` of the values, 1 / (1 - rate) for the others.

#include <cstddef>
#include <cstdint>

#include "core/random.hpp"

namespace lockstep::layers {

struct DropoutRate {
  explicit DropoutRate(double share)
      : rate(static_cast<float>(share)), kept(static_cast<float>(1 / (1 - share))) {}
  float rate, kept;
};

/// The factors of values first .. first + count - 1 of a stream.
void draw_mask(const Random& random, std::uint64_t first, std::size_t count,
               const DropoutRate& rate, float* mask);

}  // namespace lockstep::layers
