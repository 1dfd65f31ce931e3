#pragma once
/// The list of all layers.

#include <memory>
#include <string>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

/// Compiles one layer. @throws ConfigError if it does not fit its input.
std::unique_ptr<const Layer> make_layer(const proto::Layer& config, const TensorSpec& input,
                                        const Build& build);

/// The config word: "conv2d"; empty if the layer has no kind.
std::string kind_name(const proto::Layer& config);

}  // namespace lockstep::layers
