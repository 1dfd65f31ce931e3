#include "layers/conv1d.hpp"

#include <algorithm>
#include <string>

#include "layers/elementwise.hpp"
#include "layers/initializers.hpp"
#include "layers/onednn/product.hpp"

namespace lockstep::layers {
namespace {

TimeWindow window_of(const proto::Conv1d& config) {
  TimeWindow window;
  window.kernel = config.kernel_size();
  window.stride = config.strides();
  window.dilation = config.dilation();
  window.padded = config.causal() || config.padding() == proto::SAME;
  if (config.causal()) {
    window.pad_begin = window.extent() - 1;
  } else if (window.padded) {
    window.pad_begin = (window.extent() - 1) / 2;
  }
  return window;
}

}  // namespace

Conv1d::Conv1d(const proto::Conv1d& config, const TensorSpec& input, const Build& build)
    : window_(window_of(config)),
      rows_(static_cast<std::size_t>(build.rows)),
      filters_(config.filters()),
      groups_(config.groups()),
      kernel_(config.kernel_size()),
      bias_(config.use_bias()),
      precision_(build.precision) {
  check_window(window_, input.shape, build);
  steps_ = static_cast<std::size_t>(input.shape[0]);
  features_ = static_cast<std::size_t>(input.shape[1]);
  outputs_ = static_cast<std::size_t>(window_.outputs(input.shape[0]));
  if (features_ % groups_ != 0 || filters_ % groups_ != 0) {
    throw config_error(build, "groups",
                       std::to_string(groups_) + " groups do not divide " +
                           std::to_string(features_) + " input features and " +
                           std::to_string(filters_) + " filters");
  }
  channels_ = features_ / groups_;
  filters_a_group_ = filters_ / groups_;
  window_floats_ = kernel_ * channels_;
  const Shape shape{static_cast<std::int64_t>(outputs_), static_cast<std::int64_t>(filters_)};
  output_ = onednn::plain_spec(shape, build.rows);
  output_.masked = input.masked;
  const auto steps = onednn::plain({build.rows * shape[0], shape[1]});
  activation_ = std::make_unique<const ActivationKernel>(config.activation(),
                                                         default_alpha(config.activation()), steps);
  Regions workspace, scratch;
  if (activation_->needs_input()) z_at_ = workspace.take(output_.floats);
  windows_at_ = scratch.take(rows_ * outputs_ * window_floats_);
  primitive_at_ = scratch.take(activation_->scratch_floats());
  workspace_floats_ = workspace.size();
  scratch_floats_ = scratch.size();
  flops_ = 2.0 * static_cast<double>(shape.size()) * static_cast<double>(window_floats_);
  place_parameters(config, build);
}

Conv1d::~Conv1d() = default;

void Conv1d::place_parameters(const proto::Conv1d& config, const Build& build) {
  ParameterInfo weight;
  weight.name = "weight";
  weight.shape = {static_cast<std::int64_t>(filters_), static_cast<std::int64_t>(channels_),
                  static_cast<std::int64_t>(kernel_)};
  weight.storage = padded(filters_ * window_floats_);
  weight.initializer = resolve(config.kernel_initializer(), config.activation(), build.following);
  weight.scale = config.initializer_scale();
  weight.fan_in = window_floats_;
  weight.fan_out = filters_ * kernel_;
  parameters_ = {weight};
  if (!bias_) return;
  ParameterInfo bias;
  bias.name = "bias";
  bias.shape = {weight.shape[0]};
  bias.storage = padded(filters_);
  parameters_.push_back(bias);
}

std::size_t Conv1d::plain_index(std::size_t group, std::size_t tap, std::size_t channel,
                                std::size_t filter) const {
  return ((group * filters_a_group_ + filter) * channels_ + channel) * kernel_ + tap;
}

void Conv1d::to_plain(std::size_t index, const float* storage, float* plain) const {
  if (index != 0) return Layer::to_plain(index, storage, plain);
  for (std::size_t g = 0; g < groups_; ++g)
    for (std::size_t u = 0; u < kernel_; ++u)
      for (std::size_t c = 0; c < channels_; ++c)
        for (std::size_t o = 0; o < filters_a_group_; ++o)
          plain[plain_index(g, u, c, o)] = *storage++;
}

void Conv1d::from_plain(std::size_t index, const float* plain, float* storage) const {
  if (index != 0) return Layer::from_plain(index, plain, storage);
  std::fill_n(storage, parameters_[0].storage, 0.0f);
  for (std::size_t g = 0; g < groups_; ++g)
    for (std::size_t u = 0; u < kernel_; ++u)
      for (std::size_t c = 0; c < channels_; ++c)
        for (std::size_t o = 0; o < filters_a_group_; ++o)
          *storage++ = plain[plain_index(g, u, c, o)];
}

void Conv1d::output_lengths(const Lane& lane, std::int32_t* lengths) const {
  window_.output_lengths(lane, lengths);
}

// The windows of a group's features, row after row: zero outside of the sequence.
void Conv1d::gather(const float* x, std::size_t group, float* windows) const {
  for (std::size_t n = 0; n < rows_; ++n) {
    for (std::size_t t = 0; t < outputs_; ++t) {
      for (std::size_t u = 0; u < kernel_; ++u, windows += channels_) {
        const auto s = window_.input(static_cast<std::int64_t>(t), static_cast<std::int64_t>(u));
        if (s < 0 || s >= static_cast<std::int64_t>(steps_)) {
          std::fill_n(windows, channels_, 0.0f);
        } else {
          const std::size_t step = n * steps_ + static_cast<std::size_t>(s);
          std::copy_n(x + step * features_ + group * channels_, channels_, windows);
        }
      }
    }
  }
}

void Conv1d::scatter(const float* windows, std::size_t group, float* dx) const {
  for (std::size_t n = 0; n < rows_; ++n) {
    for (std::size_t t = 0; t < outputs_; ++t) {
      for (std::size_t u = 0; u < kernel_; ++u, windows += channels_) {
        const auto s = window_.input(static_cast<std::int64_t>(t), static_cast<std::int64_t>(u));
        if (s < 0 || s >= static_cast<std::int64_t>(steps_)) continue;
        const std::size_t step = n * steps_ + static_cast<std::size_t>(s);
        float* to = dx + step * features_ + group * channels_;
        add(to, windows, to, channels_);
      }
    }
  }
}

void Conv1d::forward(Lane& lane) const {
  const std::size_t all = rows_ * outputs_;
  float* windows = lane.scratch + windows_at_;
  float* z = activation_->needs_input() ? lane.workspace + z_at_ : lane.y;
  const float* bias = lane.parameters + parameters_[0].storage;
  for (std::size_t i = 0; bias_ && i < all; ++i) std::copy_n(bias, filters_, z + i * filters_);
  for (std::size_t g = 0; g < groups_; ++g) {
    gather(lane.x, g, windows);
    onednn::multiply({all, filters_a_group_, window_floats_}, {windows, window_floats_},
                     {lane.parameters + g * window_floats_ * filters_a_group_, filters_a_group_},
                     {z + g * filters_a_group_, filters_, bias_}, precision_);
  }
  if (*activation_) activation_->forward(z, lane.y, lane.scratch + primitive_at_);
}

void Conv1d::backward(Lane& lane) const {
  const std::size_t all = rows_ * outputs_;
  float* windows = lane.scratch + windows_at_;
  float* dz = lane.dy;
  if (*activation_) {
    activation_->backward(activation_->needs_input() ? lane.workspace + z_at_ : lane.y, dz, dz,
                          lane.scratch + primitive_at_);
  }
  if (bias_) {
    float* gradient = lane.gradients + parameters_[0].storage;
    std::fill_n(gradient, filters_, 0.0f);
    for (std::size_t i = 0; i < all; ++i) add(gradient, dz + i * filters_, gradient, filters_);
  }
  if (lane.dx != nullptr) std::fill_n(lane.dx, rows_ * steps_ * features_, 0.0f);
  for (std::size_t g = 0; g < groups_; ++g) {
    const std::size_t at = g * window_floats_ * filters_a_group_;
    const float* group_dz = dz + g * filters_a_group_;
    gather(lane.x, g, windows);
    onednn::multiply({window_floats_, filters_a_group_, all}, {windows, window_floats_, true},
                     {group_dz, filters_}, {lane.gradients + at, filters_a_group_}, precision_);
    if (lane.dx == nullptr) continue;
    onednn::multiply({all, window_floats_, filters_a_group_}, {group_dz, filters_},
                     {lane.parameters + at, filters_a_group_, true}, {windows, window_floats_},
                     precision_);
    scatter(windows, g, lane.dx);
  }
}

}  // namespace lockstep::layers
