#include "layers/residual.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "layers/activation_kernel.hpp"
#include "layers/elementwise.hpp"
#include "layers/sequential.hpp"

namespace lockstep::layers {

struct Residual::Kernels {
  std::optional<Sequential> body, shortcut;  // an empty shortcut hands x on
  ActivationKernel activation;
  onednn::Reorder to_body, to_shortcut;  // between the layouts of the two outputs
  std::size_t input_floats = 0, shortcut_parameters_at = 0, shortcut_packed_at = 0;
  // In the workspace:
  std::size_t body_workspace_at = 0, shortcut_workspace_at = 0, z_at = 0, body_y_at = 0,
              shortcut_y_at = 0;
  // In the scratch memory:
  std::size_t sum_at = 0, dz_at = 0, dx_at = 0, inner_at = 0;

  Lane body_lane(const Lane& whole) const;
  Lane shortcut_lane(const Lane& whole) const;
  void place_buffers(const TensorSpec& output, Regions& workspace, Regions& scratch);
};

namespace {

Build inner_build(const Build& build, const char* list, const Layer* reference) {
  Build inner = build;
  inner.field += list;
  inner.reference = reference;
  return inner;
}

}  // namespace

Residual::Residual(const proto::Residual& config, const TensorSpec& input, const Build& build) {
  const auto* reference = static_cast<const Residual*>(build.reference);
  auto made = std::make_unique<Kernels>();
  auto& k = *made;
  k.body.emplace(config.layer(), input,
                 inner_build(build, ".layer", reference ? &*reference->kernels_->body : nullptr),
                 false);
  k.shortcut.emplace(
      config.shortcut(), input,
      inner_build(build, ".shortcut", reference ? &*reference->kernels_->shortcut : nullptr),
      false);
  const auto& output = k.body->output();
  if (output.shape != k.shortcut->output().shape) {
    throw config_error(build, "shortcut",
                       "the layers give " + to_string(output.shape) + ", the shortcut gives " +
                           to_string(k.shortcut->output().shape),
                       "write shortcut layers (for example a 1x1 conv2d) that give the same shape");
  }
  const auto body_desc = onednn::desc_of(output, build.rows);
  const auto shortcut_desc = onednn::desc_of(k.shortcut->output(), build.rows);
  if (is_softmax(config.activation())) {
    throw config_error(build, "activation", "softmax does not follow a residual sum",
                       "put an activation layer after it");
  }
  k.activation =
      ActivationKernel(config.activation(), default_alpha(config.activation()), body_desc);
  k.to_body = onednn::Reorder(shortcut_desc, body_desc);
  k.to_shortcut = onednn::Reorder(body_desc, shortcut_desc);
  k.input_floats = input.floats;
  k.shortcut_parameters_at = k.body->parameter_floats();
  k.shortcut_packed_at = padded(k.body->packed_floats());
  Regions workspace, scratch;
  k.place_buffers(output, workspace, scratch);

  output_ = output;
  workspace_floats_ = workspace.size();
  scratch_floats_ = scratch.size();
  packed_floats_ = k.shortcut_packed_at + k.shortcut->packed_floats();
  flops_ = k.body->flops() + k.shortcut->flops() + static_cast<double>(output.shape.size());
  const auto adopt = [&](const Sequential& branch, const char* prefix) {
    for (auto info : branch.parameters()) {
      info.name = prefix + info.name;
      parameters_.push_back(std::move(info));
    }
  };
  adopt(*k.body, "layer.");
  adopt(*k.shortcut, "shortcut.");
  kernels_ = std::move(made);
}

Residual::~Residual() = default;

void Residual::Kernels::place_buffers(const TensorSpec& output, Regions& workspace,
                                      Regions& scratch) {
  const auto shortcut_floats = shortcut->output().floats;
  body_workspace_at = workspace.take(body->workspace_floats());
  shortcut_workspace_at = workspace.take(shortcut->workspace_floats());
  body_y_at = workspace.take(output.floats);
  shortcut_y_at = workspace.take(shortcut->size() == 0 ? 0 : shortcut_floats);
  z_at = workspace.take(activation.needs_input() ? output.floats : 0);
  sum_at = scratch.take(to_body ? output.floats : 0);
  dz_at = scratch.take(shortcut_floats);
  dx_at = scratch.take(shortcut->size() == 0 ? 0 : input_floats);
  inner_at = scratch.take(
      std::max({body->scratch_floats(), shortcut->scratch_floats(), activation.scratch_floats(),
                to_body.scratch_floats(), to_shortcut.scratch_floats()}));
}

Lane Residual::Kernels::body_lane(const Lane& whole) const {
  Lane lane = whole;
  lane.y =
      whole.workspace + body_y_at;  // the last layer may want it back in backward, before the sum
  lane.workspace = whole.workspace + body_workspace_at;
  lane.scratch = whole.scratch + inner_at;
  return lane;
}

Lane Residual::Kernels::shortcut_lane(const Lane& whole) const {
  Lane lane = whole;
  lane.parameters = whole.parameters + shortcut_parameters_at;
  lane.packed = whole.packed + shortcut_packed_at;
  lane.gradients = whole.gradients + shortcut_parameters_at;
  lane.y = whole.workspace + shortcut_y_at;
  lane.workspace = whole.workspace + shortcut_workspace_at;
  lane.scratch = whole.scratch + inner_at;
  return lane;
}

void Residual::to_plain(std::size_t index, const float* storage, float* plain) const {
  const auto own = kernels_->body->parameters().size();
  if (index < own) return kernels_->body->to_plain(index, storage, plain);
  kernels_->shortcut->to_plain(index - own, storage, plain);
}

void Residual::from_plain(std::size_t index, const float* plain, float* storage) const {
  const auto own = kernels_->body->parameters().size();
  if (index < own) return kernels_->body->from_plain(index, plain, storage);
  kernels_->shortcut->from_plain(index - own, plain, storage);
}

void Residual::pack(const float* parameters, float* packed) const {
  kernels_->body->pack(parameters, packed);
  kernels_->shortcut->pack(parameters + kernels_->shortcut_parameters_at,
                           packed + kernels_->shortcut_packed_at);
}

void Residual::output_lengths(const Lane& lane, std::int32_t* lengths) const {
  kernels_->body->output_lengths(kernels_->body_lane(lane), lengths);
}

void Residual::forward(Lane& lane) const {
  const auto& k = *kernels_;
  float* z = k.activation.needs_input() ? lane.workspace + k.z_at : lane.y;
  Lane body = k.body_lane(lane);
  k.body->forward(body);
  const float* other = lane.x;
  if (k.shortcut->size() != 0) {
    Lane shortcut = k.shortcut_lane(lane);
    k.shortcut->forward(shortcut);
    other = shortcut.y;
  }
  if (k.to_body) {
    k.to_body.run(other, lane.scratch + k.sum_at, lane.scratch + k.inner_at);
    other = lane.scratch + k.sum_at;
  }
  add(body.y, other, z, output_.floats);
  if (k.activation) k.activation.forward(z, lane.y, lane.scratch + k.inner_at);
}

void Residual::backward(Lane& lane) const {
  const auto& k = *kernels_;
  if (k.activation) {
    k.activation.backward(k.activation.needs_input() ? lane.workspace + k.z_at : lane.y, lane.dy,
                          lane.dy, lane.scratch + k.inner_at);
  }
  float* dz = lane.scratch + k.dz_at;  // a copy for the shortcut: the layers may destroy theirs
  if (k.to_shortcut) {
    k.to_shortcut.run(lane.dy, dz, lane.scratch + k.inner_at);
  } else {
    std::copy_n(lane.dy, output_.floats, dz);
  }
  Lane body = k.body_lane(lane);
  k.body->backward(body);
  if (k.shortcut->size() == 0) {
    if (lane.dx != nullptr) add(lane.dx, dz, lane.dx, k.input_floats);
    return;
  }
  Lane shortcut = k.shortcut_lane(lane);
  shortcut.dy = dz;
  shortcut.dx = lane.dx == nullptr ? nullptr : lane.scratch + k.dx_at;
  k.shortcut->backward(shortcut);
  if (lane.dx != nullptr) add(lane.dx, shortcut.dx, lane.dx, k.input_floats);
}

}  // namespace lockstep::layers
