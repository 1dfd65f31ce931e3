#include "layers/masking.hpp"

#include <algorithm>

namespace lockstep::layers {

Masking::Masking(const proto::Masking& config, const TensorSpec& input, const Build& build)
    : value_(static_cast<float>(config.mask_value())) {
  if (input.shape.rank() != 2) {
    throw config_error(build, "", "masking reads steps of features, not " + to_string(input.shape));
  }
  output_ = input;
  output_.masked = true;
}

void Masking::output_lengths(const Lane& lane, std::int32_t* lengths) const {
  const auto steps = static_cast<std::size_t>(output_.shape[0]);
  const auto features = static_cast<std::size_t>(output_.shape[1]);
  const auto is_padding = [&](const float* step) {
    return std::all_of(step, step + features, [&](float value) { return value == value_; });
  };
  for (std::size_t n = 0; n < lane.rows; ++n) {
    std::size_t length = lane.length_of(n, steps);
    while (length > 0 && is_padding(lane.x + (n * steps + length - 1) * features)) --length;
    lengths[n] = static_cast<std::int32_t>(length);
  }
}

void Masking::forward(Lane& lane) const { std::copy_n(lane.x, output_.floats, lane.y); }

void Masking::backward(Lane& lane) const {
  if (lane.dx != nullptr) std::copy_n(lane.dy, output_.floats, lane.dx);
}

}  // namespace lockstep::layers
