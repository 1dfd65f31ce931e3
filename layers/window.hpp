#pragma once
/// The windows of convolution and pooling: kernel, strides, dilation and padding as a config has
/// them, worked out for an image of given height and width.
///   VALID: no padding, out = floor((in - extent) / stride) + 1,   extent = (kernel - 1) dilation +
///   1 SAME:  out = ceil(in / stride), padding = max((out - 1) stride + extent - in, 0), the odd
///   rest at the end

#include <array>
#include <cstdint>

#include "core/proto/layers.pb.h"
#include "layers/build.hpp"

namespace lockstep::layers {

/// All {height, width}.
struct Window {
  using Pair = std::array<std::int64_t, 2>;
  Pair kernel{}, strides{}, dilation{1, 1}, pad_begin{}, pad_end{}, output{};
};

/// What the config says, one or two numbers each (an empty list: the default).
struct WindowConfig {
  const google::protobuf::RepeatedField<std::uint32_t>* kernel_size;
  const google::protobuf::RepeatedField<std::uint32_t>* strides;
  const google::protobuf::RepeatedField<std::uint32_t>* dilation = nullptr;
  const google::protobuf::RepeatedField<std::uint32_t>* pad = nullptr;
  proto::Padding padding = proto::VALID;
  bool stride_is_kernel =
      false;  ///< the default stride: the kernel size (pooling) or 1 (convolution)
};

/// @throws ConfigError if the window does not fit the image, with the field that is wrong.
Window make_window(const WindowConfig& config, std::int64_t height, std::int64_t width,
                   const Build& build);

}  // namespace lockstep::layers
