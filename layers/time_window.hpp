#pragma once
/// The windows of conv1d and 1-d pooling over the steps of a sequence: output step t sees the input
/// steps t stride - pad_begin + u dilation, u < kernel.
///   VALID: no padding, T' = floor((T - extent) / stride) + 1, extent = (kernel - 1) dilation + 1
///   SAME:  T' = ceil(T / stride), pad_begin = (extent - 1) / 2
///   causal: T' = ceil(T / stride), pad_begin = extent - 1
/// How a window lies depends on nothing but its own row's beginning, so a row gives the same alone
/// as among longer ones.

#include <cstdint>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

struct TimeWindow {
  std::int64_t kernel = 1, stride = 1, dilation = 1, pad_begin = 0;
  bool padded = false;  ///< SAME or causal

  std::int64_t extent() const noexcept { return (kernel - 1) * dilation + 1; }

  /// Output steps of so many input steps, >= 0.
  std::int64_t outputs(std::int64_t steps) const noexcept {
    if (padded) return (steps + stride - 1) / stride;
    return steps < extent() ? 0 : (steps - extent()) / stride + 1;
  }

  /// The input step of tap u of output step t; may lie outside.
  std::int64_t input(std::int64_t t, std::int64_t u) const noexcept {
    return t * stride - pad_begin + u * dilation;
  }

  /// The steps of each output row, of a masked lane.
  void output_lengths(const Lane& lane, std::int32_t* lengths) const {
    for (std::size_t n = 0; n < lane.rows; ++n)
      lengths[n] = static_cast<std::int32_t>(outputs(lane.lengths[n]));
  }
};

/// Of 1-d pooling.
TimeWindow pooling_window(std::uint32_t kernel, std::uint32_t stride, proto::Padding padding);

/// @throws ConfigError if the input is not [T, F] or too short for one window.
void check_window(const TimeWindow& window, const Shape& input, const Build& build);

}  // namespace lockstep::layers
