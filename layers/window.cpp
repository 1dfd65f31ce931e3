#include "layers/window.hpp"

#include <algorithm>
#include <string>

namespace lockstep::layers {
namespace {

using Numbers = google::protobuf::RepeatedField<std::uint32_t>;

// One number for both, or two; none: the default.
Window::Pair pair_of(const Numbers* numbers, Window::Pair otherwise, std::int64_t least,
                     const char* field, const Build& build) {
  if (numbers == nullptr || numbers->empty()) return otherwise;
  if (numbers->size() > 2) {
    throw config_error(build, field, std::string(field) + " takes one or two numbers",
                       "height and width, or one number for both");
  }
  const Window::Pair pair{numbers->Get(0), numbers->Get(numbers->size() - 1)};
  for (const auto value : pair) {
    if (value < least) {
      throw config_error(build, field,
                         std::string(field) + " must be at least " + std::to_string(least));
    }
  }
  return pair;
}

}  // namespace

Window make_window(const WindowConfig& config, std::int64_t height, std::int64_t width,
                   const Build& build) {
  if (config.kernel_size->empty()) {
    throw config_error(build, "kernel_size", "kernel_size is missing",
                       "write for example: kernel_size: 3");
  }
  Window window;
  window.kernel = pair_of(config.kernel_size, {1, 1}, 1, "kernel_size", build);
  const Window::Pair ones{1, 1};
  window.strides =
      pair_of(config.strides, config.stride_is_kernel ? window.kernel : ones, 1, "strides", build);
  window.dilation = pair_of(config.dilation, ones, 1, "dilation", build);
  const Window::Pair pad = pair_of(config.pad, {0, 0}, 0, "pad", build);
  const bool explicit_pad = config.pad != nullptr && !config.pad->empty();
  const Window::Pair input{height, width};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto extent = (window.kernel[i] - 1) * window.dilation[i] + 1;
    if (config.padding == proto::SAME && !explicit_pad) {
      window.output[i] = (input[i] + window.strides[i] - 1) / window.strides[i];
      const auto total =
          std::max<std::int64_t>((window.output[i] - 1) * window.strides[i] + extent - input[i], 0);
      window.pad_begin[i] = total / 2;
      window.pad_end[i] = total - total / 2;
      continue;
    }
    window.pad_begin[i] = window.pad_end[i] = pad[i];
    const auto room = input[i] + 2 * pad[i] - extent;
    if (room < 0) {
      throw config_error(build, "kernel_size",
                         "a window of " + std::to_string(extent) + " does not fit an image of " +
                             std::to_string(height) + "x" + std::to_string(width),
                         "make kernel_size smaller or write padding: SAME");
    }
    window.output[i] = room / window.strides[i] + 1;
  }
  return window;
}

}  // namespace lockstep::layers
