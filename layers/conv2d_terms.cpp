#include "layers/conv2d_terms.hpp"

#include "layers/initializers.hpp"
#include "layers/softmax.hpp"

namespace lockstep::layers {
namespace {

void check(const proto::Conv2d& config, const Shape& input, const Build& build) {
  if (input.rank() != 3) {
    throw config_error(build, "",
                       "conv2d needs images, but its input has shape " + to_string(input),
                       "put an image_feature stage before the network, or conv2d before flatten");
  }
  const std::int64_t groups = config.groups();
  if (input[0] % groups != 0 || config.filters() % groups != 0) {
    throw config_error(build, "groups",
                       std::to_string(groups) + " groups do not divide " +
                           std::to_string(input[0]) + " input channels and " +
                           std::to_string(config.filters()) + " filters");
  }
  if (is_softmax(config.activation())) {
    throw config_error(build, "activation", "softmax is over the features of a row, not for conv2d",
                       "put an activation layer after flatten or dense");
  }
}

ParameterInfo weight_info(const proto::Conv2d& config, std::int64_t channels, const Window& window,
                          const Build& build) {
  const std::int64_t filters = config.filters(), per_group = channels / config.groups();
  const auto taps = window.kernel[0] * window.kernel[1];
  ParameterInfo info;
  info.name = "weight";
  info.shape = {filters, per_group, window.kernel[0], window.kernel[1]};
  info.initializer = resolve(config.kernel_initializer(), config.activation(), build.following);
  info.scale = config.initializer_scale();
  info.fan_in = static_cast<std::size_t>(per_group * taps);
  info.fan_out = static_cast<std::size_t>(filters * taps);
  return info;
}

}  // namespace

Conv2dTerms conv2d_terms(const proto::Conv2d& config, const Shape& input, const Build& build) {
  check(config, input, build);
  Conv2dTerms terms;
  terms.channels = input[0];
  terms.window = make_window({&config.kernel_size(), &config.strides(), &config.dilation(),
                              &config.pad(), config.padding(), false},
                             input[1], input[2], build);
  terms.output = Shape{config.filters(), terms.window.output[0], terms.window.output[1]};
  terms.weight = weight_info(config, input[0], terms.window, build);
  terms.flops =
      2.0 * static_cast<double>(terms.output.size()) * static_cast<double>(terms.weight.fan_in);
  return terms;
}

}  // namespace lockstep::layers
