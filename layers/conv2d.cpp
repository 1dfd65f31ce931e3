#include "layers/conv2d.hpp"

#include "layers/conv2d_terms.hpp"
#include "layers/weighted_plan.hpp"
#include "layers/winograd_conv2d.hpp"

namespace lockstep::layers {
namespace {

using onednn::Desc;

// A group of fewer input channels would be padded to a multiple of it: f32 is faster.
constexpr std::int64_t kFewestBf16Channels = 16;

dnnl::memory::dims dims_of(const Window::Pair& pair) { return {pair[0], pair[1]}; }

onednn::Geometry geometry_of(const Window& window) {
  return {dims_of(window.strides),
          {window.dilation[0] - 1, window.dilation[1] - 1},
          dims_of(window.pad_begin),
          dims_of(window.pad_end)};
}

}  // namespace

Conv2d::Conv2d(const proto::Conv2d& config, const TensorSpec& input, const Build& build) {
  const Conv2dTerms terms = conv2d_terms(config, input.shape, build);
  const auto geometry = geometry_of(terms.window);
  const std::int64_t filters = config.filters(), groups = config.groups();

  dnnl::memory::dims weight_dims{filters / groups, terms.channels / groups, terms.window.kernel[0],
                                 terms.window.kernel[1]};
  if (groups > 1) weight_dims.insert(weight_dims.begin(), groups);
  const auto source_dims = onednn::dims_of(build.rows, input.shape);
  const auto output_dims = onednn::dims_of(build.rows, terms.output);
  const bool narrow = terms.channels / groups < kFewestBf16Channels;
  const auto factor = narrow ? onednn::Type::f32 : factor_type(build);
  const Desc any_source = onednn::any(source_dims, factor);
  const Desc any_weight = onednn::any(weight_dims, factor);
  const Desc bias = config.use_bias() ? onednn::plain({filters}) : Desc();

  const auto forward =
      onednn::convolution_forward(any_source, any_weight, bias, onednn::any(output_dims), geometry,
                                  forward_attributes(config.activation()));
  const Desc diff_output =
      factor == onednn::Type::f32 ? forward.dst_desc() : onednn::any(output_dims, factor);
  const auto backward_weights = onednn::convolution_backward_weights(
      forward.src_desc(), onednn::any(weight_dims), bias, diff_output, geometry, forward);
  Plan plan;
  plan.input = onednn::desc_of(input, build.rows);
  plan.source = forward.src_desc();
  plan.diff_output = backward_weights.diff_dst_desc();
  plan.plain_weight = onednn::plain(weight_dims);
  plan.forward = forward;
  plan.backward_weights = backward_weights;
  if (build.input_gradient) {
    const auto backward_data = onednn::convolution_backward_data(
        onednn::any(source_dims), any_weight, plan.diff_output, geometry, forward);
    plan.backward_data = backward_data;
    plan.diff_source = backward_data.diff_src_desc();
  }
  plan.bias = config.use_bias();
  plan.activation = config.activation();
  plan.fused = fusable(config.activation());
  plan.output = forward.dst_desc();
  plan.weight = terms.weight;
  output_ = onednn::make_spec(terms.output, forward.dst_desc(), build.rows);
  flops_ = terms.flops;
  compile(plan, build);
}

std::unique_ptr<const Layer> make_conv2d(const proto::Conv2d& config, const TensorSpec& input,
                                         const Build& build) {
  if (WinogradConv2d::chosen(config, input.shape, build))
    return std::make_unique<WinogradConv2d>(config, input, build);
  return std::make_unique<Conv2d>(config, input, build);
}

}  // namespace lockstep::layers
