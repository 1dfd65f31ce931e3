#pragma once
/// What a conv2d config comes to for an input: the same for every way to compute it.

#include "layers/layer.hpp"
#include "layers/window.hpp"

namespace lockstep::layers {

struct Conv2dTerms {
  Window window;
  std::int64_t channels = 0;
  Shape output;          ///< [O, H', W']
  ParameterInfo weight;  ///< without its storage
  double flops = 0;      ///< of one row, by the sum itself
};

/// @throws ConfigError if the input is no image, the window does not fit, or the groups do not
/// divide the channels.
Conv2dTerms conv2d_terms(const proto::Conv2d& config, const Shape& input, const Build& build);

}  // namespace lockstep::layers
