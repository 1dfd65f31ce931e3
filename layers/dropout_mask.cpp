#include "layers/dropout_mask.hpp"

#include <algorithm>

namespace lockstep::layers {

// Philox gives four numbers a block.
void draw_mask(const Random& random, std::uint64_t first, std::size_t count,
               const DropoutRate& rate, float* mask) {
  const std::uint64_t end = first + count;
  for (std::uint64_t index = first; index < end;) {
    const auto words = random.block(index >> 2);
    const std::uint64_t stop = std::min(end, (index | 3) + 1);
    for (; index < stop; ++index) {
      const float uniform = static_cast<float>(words[index & 3] >> 8) * 0x1p-24f;
      mask[index - first] = uniform < rate.rate ? 0.0f : rate.kept;
    }
  }
}

}  // namespace lockstep::layers
