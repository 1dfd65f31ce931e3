#include "layers/winograd_conv2d.hpp"

#include <algorithm>
#include <optional>

#include "layers/activation_kernel.hpp"
#include "layers/conv2d_terms.hpp"
#include "layers/onednn/engine.hpp"
#include "layers/weighted_plan.hpp"
#include "layers/winograd.hpp"

namespace lockstep::layers {
namespace {

using onednn::Desc;
using onednn::Reorder;

constexpr std::int64_t kBlock = 16;        // channels
constexpr std::int64_t kTile = 4;          // of the output, in both directions
constexpr double kLeastFilled = 0.6;       // share of the tiles that is output: else not faster
constexpr std::int64_t kFewestTiles = 32;  // of a lane: fewer do not pay for the weights' traffic

// What keeps a convolution from being computed in this way; empty: nothing.
std::string hindrance(const proto::Conv2d& config, const Conv2dTerms& terms) {
  const auto& window = terms.window;
  if (window.kernel != Window::Pair{3, 3}) return "the kernel is not 3 x 3";
  if (window.strides != Window::Pair{1, 1}) return "the stride is not 1";
  if (window.dilation != Window::Pair{1, 1}) return "the kernel is dilated";
  if (config.groups() > 1) return "there are groups";
  if (window.pad_begin[0] > 2 || window.pad_begin[1] > 2) return "the padding is wider than 2";
  if (terms.channels % kBlock != 0 || terms.output[0] % kBlock != 0) {
    return std::to_string(terms.channels) + " channels and " + std::to_string(terms.output[0]) +
           " filters are not both multiples of 16";
  }
  return {};
}

bool faster(const Conv2dTerms& terms, std::int64_t rows) {
  const auto along = [](std::int64_t size) { return (size + kTile - 1) / kTile; };
  const std::int64_t tiles = along(terms.output[1]) * along(terms.output[2]);
  const double filled = static_cast<double>(terms.output[1] * terms.output[2]) /
                        static_cast<double>(tiles * kTile * kTile);
  return onednn::prefers_blocks_of_16() && filled >= kLeastFilled && rows * tiles >= kFewestTiles;
}

WinogradShape shape_of(const Conv2dTerms& terms, const Shape& input) {
  return {terms.channels,
          terms.output[0],
          input[1],
          input[2],
          terms.window.pad_begin[0],
          terms.window.pad_begin[1],
          terms.output[1],
          terms.output[2]};
}

}  // namespace

bool WinogradConv2d::chosen(const proto::Conv2d& config, const Shape& input, const Build& build) {
  if (build.reference != nullptr)
    return dynamic_cast<const WinogradConv2d*>(build.reference) != nullptr;
  if (config.algorithm() != proto::AUTO) return config.algorithm() == proto::WINOGRAD;
  if (in_bf16(build) && onednn::has_amx()) return false;  // three to five times as fast
  const auto terms = conv2d_terms(config, input, build);
  return hindrance(config, terms).empty() && faster(terms, build.rows);
}

struct WinogradConv2d::Kernels {
  Kernels(const WinogradShape& shape, const Build& build)
      : winograd(shape, static_cast<std::size_t>(build.rows), build.input_gradient) {}

  Winograd winograd;
  bool bias = true, relu = false, input_gradient = true;
  ActivationKernel activation;  // where it is not the fused relu
  Reorder source_reorder, diff_source_reorder;
  std::size_t bias_at = 0;                        // in the parameters
  std::size_t source_at = 0, z_at = 0;            // in the workspace
  std::size_t diff_source_at = 0, kernel_at = 0;  // in the scratch memory

  bool keeps_z() const { return activation && activation.needs_input(); }
  const float* source(const Lane& lane) const {
    return source_reorder ? lane.workspace + source_at : lane.x;
  }
};

WinogradConv2d::WinogradConv2d(const proto::Conv2d& config, const TensorSpec& input,
                               const Build& build) {
  const auto terms = conv2d_terms(config, input.shape, build);
  if (const auto why = hindrance(config, terms); !why.empty())
    throw config_error(build, "algorithm", "WINOGRAD cannot be: " + why, "leave it to AUTO");
  const auto x = onednn::in_blocks_of_16(onednn::dims_of(build.rows, input.shape));
  const auto y = onednn::in_blocks_of_16(onednn::dims_of(build.rows, terms.output));
  const auto given = onednn::desc_of(input, build.rows);
  auto made = std::make_unique<Kernels>(shape_of(terms, input.shape), build);
  Kernels& k = *made;
  k.bias = config.use_bias();
  k.relu = config.activation() == proto::RELU;
  k.input_gradient = build.input_gradient;
  k.activation = ActivationKernel(config.activation(), default_alpha(config.activation()), y);
  k.source_reorder = Reorder(given, x);
  if (k.input_gradient) k.diff_source_reorder = Reorder(x, given);

  packed_floats_ = k.winograd.transformed_floats();
  Regions workspace, scratch;
  if (k.source_reorder) k.source_at = workspace.take(onednn::floats_of(x));
  if (k.keeps_z()) k.z_at = workspace.take(onednn::floats_of(y));
  workspace_floats_ = workspace.size();
  if (k.diff_source_reorder) k.diff_source_at = scratch.take(onednn::floats_of(x));
  k.kernel_at = scratch.take(
      std::max({k.winograd.scratch_floats(), k.activation.scratch_floats(),
                k.source_reorder.scratch_floats(), k.diff_source_reorder.scratch_floats()}));
  scratch_floats_ = scratch.size();

  parameters_ = {terms.weight};
  parameters_[0].storage = k.bias_at = Shape(terms.weight.shape).size();
  if (k.bias) {
    ParameterInfo bias;
    bias.name = "bias";
    bias.shape = {terms.output[0]};
    bias.storage = padded(static_cast<std::size_t>(terms.output[0]));
    parameters_.push_back(bias);
  }
  output_ = onednn::make_spec(terms.output, y, build.rows);
  flops_ = terms.flops;
  kernels_ = std::move(made);
}

WinogradConv2d::~WinogradConv2d() = default;

void WinogradConv2d::to_plain(std::size_t index, const float* storage, float* plain) const {
  if (index != 0) return Layer::to_plain(index, storage, plain);
  const auto& shape = kernels_->winograd.shape();
  onednn::reorder_once(onednn::stored_by_taps({shape.filters, shape.channels, 3, 3}), storage,
                       onednn::plain({shape.filters, shape.channels, 3, 3}), plain);
}

void WinogradConv2d::from_plain(std::size_t index, const float* plain, float* storage) const {
  if (index != 0) return Layer::from_plain(index, plain, storage);
  const auto& shape = kernels_->winograd.shape();
  onednn::reorder_once(onednn::plain({shape.filters, shape.channels, 3, 3}), plain,
                       onednn::stored_by_taps({shape.filters, shape.channels, 3, 3}), storage);
}

void WinogradConv2d::pack(const float* parameters, float* packed) const {
  kernels_->winograd.transform_weight(parameters, packed);
}

void WinogradConv2d::forward(Lane& lane) const {
  const Kernels& k = *kernels_;
  float* scratch = lane.scratch + k.kernel_at;
  if (k.source_reorder) k.source_reorder.run(lane.x, lane.workspace + k.source_at, scratch);
  float* z = k.keeps_z() ? lane.workspace + k.z_at : lane.y;
  {
    const onednn::PrimitiveScope timed;
    k.winograd.forward(k.source(lane), lane.packed,
                       {z, k.bias ? lane.parameters + k.bias_at : nullptr, k.relu}, scratch);
  }
  if (k.activation && !k.relu) k.activation.forward(z, lane.y, scratch);
}

void WinogradConv2d::backward(Lane& lane) const {
  const Kernels& k = *kernels_;
  float* scratch = lane.scratch + k.kernel_at;
  if (k.activation) {
    k.activation.backward(k.keeps_z() ? lane.workspace + k.z_at : lane.y, lane.dy, lane.dy,
                          scratch);
  }
  const bool wanted = lane.dx != nullptr && k.input_gradient;
  float* dx = !wanted ? nullptr : k.diff_source_reorder ? lane.scratch + k.diff_source_at : lane.dx;
  {
    const onednn::PrimitiveScope timed;
    k.winograd.backward(k.source(lane), lane.dy, lane.packed,
                        {lane.gradients, k.bias ? lane.gradients + k.bias_at : nullptr, dx},
                        scratch);
  }
  if (wanted && k.diff_source_reorder) k.diff_source_reorder.run(dx, lane.dx, scratch);
}

}  // namespace lockstep::layers
