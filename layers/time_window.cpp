#include "layers/time_window.hpp"

#include <string>

namespace lockstep::layers {

TimeWindow pooling_window(std::uint32_t kernel, std::uint32_t stride, proto::Padding padding) {
  TimeWindow window;
  window.kernel = kernel;
  window.stride = stride;
  window.padded = padding == proto::SAME;
  if (window.padded) window.pad_begin = (window.extent() - 1) / 2;
  return window;
}

void check_window(const TimeWindow& window, const Shape& input, const Build& build) {
  if (input.rank() != 2) {
    throw config_error(
        build, "",
        "a window over time needs a sequence [T, F], but its input has shape " + to_string(input),
        "a reshape layer, a windows stage or an embedding makes sequences");
  }
  if (window.outputs(input[0]) > 0) return;
  throw config_error(build, "kernel_size",
                     "a window of " + std::to_string(window.extent()) +
                         " steps does not fit a sequence of " + std::to_string(input[0]),
                     "make kernel_size smaller or write padding: SAME");
}

}  // namespace lockstep::layers
