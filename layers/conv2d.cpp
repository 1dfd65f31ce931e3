#include "layers/conv2d.hpp"

#include "layers/initializers.hpp"
#include "layers/weighted_plan.hpp"
#include "layers/window.hpp"

namespace lockstep::layers {
namespace {

using onednn::Desc;

dnnl::memory::dims dims_of(const Window::Pair& pair) { return {pair[0], pair[1]}; }

onednn::Geometry geometry_of(const Window& window) {
  return {dims_of(window.strides),
          {window.dilation[0] - 1, window.dilation[1] - 1},
          dims_of(window.pad_begin),
          dims_of(window.pad_end)};
}

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

Conv2d::Conv2d(const proto::Conv2d& config, const TensorSpec& input, const Build& build) {
  check(config, input.shape, build);
  const std::int64_t channels = input.shape[0], filters = config.filters(),
                     groups = config.groups();
  const Window window = make_window({&config.kernel_size(), &config.strides(), &config.dilation(),
                                     &config.pad(), config.padding(), false},
                                    input.shape[1], input.shape[2], build);
  const auto geometry = geometry_of(window);
  const Shape shape{filters, window.output[0], window.output[1]};

  dnnl::memory::dims weight_dims{filters / groups, channels / groups, window.kernel[0],
                                 window.kernel[1]};
  if (groups > 1) weight_dims.insert(weight_dims.begin(), groups);
  const Desc any_source = onednn::any(onednn::dims_of(build.rows, input.shape));
  const Desc any_weight = onednn::any(weight_dims);
  const Desc bias = config.use_bias() ? onednn::plain({filters}) : Desc();
  const Desc any_output = onednn::any(onednn::dims_of(build.rows, shape));

  const auto forward = onednn::convolution_forward(
      any_source, any_weight, bias, any_output, geometry, forward_attributes(config.activation()));
  const auto backward_weights = onednn::convolution_backward_weights(
      forward.src_desc(), any_weight, bias, forward.dst_desc(), geometry, forward);
  Plan plan;
  plan.input = onednn::desc_of(input, build.rows);
  plan.source = forward.src_desc();
  plan.plain_weight = onednn::plain(weight_dims);
  plan.forward = forward;
  plan.backward_weights = backward_weights;
  if (build.input_gradient) {
    const auto backward_data = onednn::convolution_backward_data(
        any_source, any_weight, forward.dst_desc(), geometry, forward);
    plan.backward_data = backward_data;
    plan.diff_source = backward_data.diff_src_desc();
  }
  plan.bias = config.use_bias();
  plan.activation = config.activation();
  plan.fused = fusable(config.activation());
  plan.output = forward.dst_desc();
  plan.weight = weight_info(config, channels, window, build);
  output_ = onednn::make_spec(shape, forward.dst_desc(), build.rows);
  flops_ = 2.0 * static_cast<double>(shape.size()) * static_cast<double>(plan.weight.fan_in);
  compile(plan, build);
}

}  // namespace lockstep::layers
