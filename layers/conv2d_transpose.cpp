#include "layers/conv2d_transpose.hpp"

#include <algorithm>
#include <string>

#include "layers/initializers.hpp"
#include "layers/weighted_plan.hpp"
#include "layers/window.hpp"

namespace lockstep::layers {
namespace {

using onednn::Desc;

void check(const proto::Conv2dTranspose& config, const Shape& input, const Build& build) {
  if (input.rank() != 3) {
    throw config_error(build, "",
                       "conv2d_transpose needs images, but its input has shape " + to_string(input),
                       "a reshape layer makes images");
  }
  if (is_softmax(config.activation())) {
    throw config_error(build, "activation",
                       "softmax is over the features of a row, not for conv2d_transpose",
                       "put an activation layer after flatten or dense");
  }
  if (config.pad_size() > 2 || config.output_pad_size() > 2) {
    throw config_error(build, config.pad_size() > 2 ? "pad" : "output_pad",
                       "there are more than two numbers",
                       "give one for height and width, or one for both");
  }
  if (config.padding() == proto::SAME && config.pad_size() == 0 && config.output_pad_size() > 0) {
    throw config_error(build, "output_pad",
                       "padding: SAME settles the size of the output, nothing is added to it",
                       "give pad in place of padding, or leave output_pad out");
  }
}

// Of height (0) or width (1): one number for both, or two; none is 0.
std::int64_t number_of(const google::protobuf::RepeatedField<std::uint32_t>& numbers,
                       std::size_t i) {
  if (numbers.empty()) return 0;
  return numbers[std::min(static_cast<int>(i), numbers.size() - 1)];
}

// Kernel, strides and padding; output is that of the transposed convolution.
Window window_of(const proto::Conv2dTranspose& config, const Shape& input, const Build& build) {
  Window window =
      make_window({&config.kernel_size(), &config.strides(), nullptr, nullptr, proto::SAME, false},
                  input[1], input[2], build);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto size = input[i + 1], stride = window.strides[i];
    const auto full = (size - 1) * stride + window.kernel[i];
    const auto pad = number_of(config.pad(), i), extra = number_of(config.output_pad(), i);
    if (extra > 0 && extra >= stride)
      throw config_error(build, "output_pad", "output_pad must be less than the stride");
    window.pad_begin[i] = pad;
    window.output[i] = full - 2 * pad + extra;
    if (config.padding() == proto::SAME && config.pad_size() == 0) {
      window.output[i] = size * stride;
      window.pad_begin[i] = std::max<std::int64_t>(full - window.output[i], 0) / 2;
    }
    window.pad_end[i] = full - window.pad_begin[i] - window.output[i];
    if (window.output[i] < 1) {
      throw config_error(build, "pad", "nothing is left of the output",
                         "make pad smaller or kernel_size larger");
    }
  }
  return window;
}

ParameterInfo weight_info(const proto::Conv2dTranspose& config, std::int64_t channels,
                          const Window& window, const Build& build) {
  const std::int64_t filters = config.filters();
  const auto taps = window.kernel[0] * window.kernel[1];
  ParameterInfo info;
  info.name = "weight";
  info.shape = {channels, filters, window.kernel[0], window.kernel[1]};
  info.initializer = resolve(config.kernel_initializer(), config.activation(), build.following);
  info.scale = config.initializer_scale();
  info.fan_in = static_cast<std::size_t>(channels * taps / (window.strides[0] * window.strides[1]));
  info.fan_in = std::max<std::size_t>(info.fan_in, 1);  // of an output pixel
  info.fan_out = static_cast<std::size_t>(filters * taps);
  return info;
}

}  // namespace

Conv2dTranspose::Conv2dTranspose(const proto::Conv2dTranspose& config, const TensorSpec& input,
                                 const Build& build) {
  check(config, input.shape, build);
  const std::int64_t channels = input.shape[0], filters = config.filters();
  const Window window = window_of(config, input.shape, build);
  const onednn::Geometry geometry{{window.strides[0], window.strides[1]},
                                  {0, 0},
                                  {window.pad_begin[0], window.pad_begin[1]},
                                  {window.pad_end[0], window.pad_end[1]}};
  const Shape shape{filters, window.output[0], window.output[1]};
  const dnnl::memory::dims weight_dims{filters, channels, window.kernel[0], window.kernel[1]};
  const auto source_dims = onednn::dims_of(build.rows, input.shape);
  const auto output_dims = onednn::dims_of(build.rows, shape);
  const auto factor = factor_type(build);
  const Desc any_source = onednn::any(source_dims, factor);
  const Desc any_weight = onednn::any(weight_dims, factor);
  const Desc bias = config.use_bias() ? onednn::plain({filters}) : Desc();

  const auto forward = onednn::deconvolution_forward(any_source, any_weight, bias,
                                                     onednn::any(output_dims), geometry);
  const Desc diff_output = in_bf16(build) ? onednn::any(output_dims, factor) : forward.dst_desc();
  const auto backward_weights = onednn::deconvolution_backward_weights(
      forward.src_desc(), onednn::any(weight_dims), bias, diff_output, geometry, forward);
  Plan plan;
  plan.input = onednn::desc_of(input, build.rows);
  plan.source = forward.src_desc();
  plan.diff_output = backward_weights.diff_dst_desc();
  plan.plain_weight = onednn::plain_swapped(weight_dims);
  plan.forward = forward;
  plan.backward_weights = backward_weights;
  if (build.input_gradient) {
    const auto backward_data = onednn::deconvolution_backward_data(
        onednn::any(source_dims), any_weight, plan.diff_output, geometry, forward);
    plan.backward_data = backward_data;
    plan.diff_source = backward_data.diff_src_desc();
  }
  plan.bias = config.use_bias();
  plan.bias_size = filters;
  plan.activation = config.activation();
  plan.output = forward.dst_desc();
  plan.weight = weight_info(config, channels, window, build);
  output_ = onednn::make_spec(shape, forward.dst_desc(), build.rows);
  flops_ = 2.0 * static_cast<double>(input.shape.size()) *
           static_cast<double>(filters * window.kernel[0] * window.kernel[1]);
  compile(plan, build);
}

}  // namespace lockstep::layers
