#include "layers/weighted.hpp"

#include <algorithm>

#include "core/buffer.hpp"
#include "layers/weighted_plan.hpp"

namespace lockstep::layers {
namespace {

using onednn::Desc;
using onednn::Primitive;
using onednn::Reorder;

// Where a primitive finds its weights: in storage, in a packed copy, or after a reorder of its own.
struct WeightView {
  enum class Place { Storage, Packed, Reordered } place = Place::Storage;
  std::size_t offset = 0;  // in packed or in scratch
  Reorder reorder;
};

}  // namespace

struct Weighted::Kernels {
  // Shared by all variants: that of the reference.
  Desc plain_weight, storage;
  std::vector<Desc> packed;            // layouts of the packed copies
  std::vector<std::size_t> packed_at;  // and their offsets
  std::size_t bias_at = 0;             // floats of the weight's storage

  Primitive forward, backward_weights, backward_data;
  WeightView forward_weight, backward_weight;
  std::vector<Reorder> pack_reorders;
  Reorder source_reorder, diff_output_reorder, diff_source_reorder, gradient_reorder;
  ActivationKernel activation;
  bool bias = true, fused = false;

  std::size_t source_at = 0, z_at = 0;                 // in the workspace
  std::size_t diff_output_at = 0, diff_source_at = 0;  // in the scratch memory
  std::size_t gradient_at = 0, primitive_at = 0;       // likewise

  void share_layouts(const Kernels* reference, const Plan& plan);
  WeightView view_of(const Desc& wanted, Regions& scratch) const;
  const float* weight(const WeightView& view, const Lane& lane) const;
};

namespace {

std::size_t most(std::initializer_list<std::size_t> sizes) { return std::max(sizes); }

}  // namespace

// The reference decides about storage and packed copies, all others follow it.
void Weighted::Kernels::share_layouts(const Kernels* reference, const Plan& plan) {
  plain_weight = plan.plain_weight;
  if (reference != nullptr) {
    storage = reference->storage;
    packed = reference->packed;
    packed_at = reference->packed_at;
    return;
  }
  storage = backward_weights.desc(DNNL_ARG_DIFF_WEIGHTS);
  Regions regions;
  const auto want = [&](const Desc& desc) {
    if (desc == storage || std::find(packed.begin(), packed.end(), desc) != packed.end()) return;
    packed.push_back(desc);
    packed_at.push_back(regions.take(onednn::floats_of(desc)));
  };
  want(forward.desc(DNNL_ARG_WEIGHTS));
  if (backward_data) want(backward_data.desc(DNNL_ARG_WEIGHTS));
}

WeightView Weighted::Kernels::view_of(const Desc& wanted, Regions& scratch) const {
  WeightView view;
  if (wanted == storage) return view;
  const auto found = std::find(packed.begin(), packed.end(), wanted);
  if (found != packed.end()) {
    view.place = WeightView::Place::Packed;
    view.offset = packed_at[static_cast<std::size_t>(found - packed.begin())];
    return view;
  }
  view.place = WeightView::Place::Reordered;
  view.offset = scratch.take(onednn::floats_of(wanted));
  view.reorder = Reorder(storage, wanted);
  return view;
}

const float* Weighted::Kernels::weight(const WeightView& view, const Lane& lane) const {
  if (view.place == WeightView::Place::Storage) return lane.parameters;
  if (view.place == WeightView::Place::Packed) return lane.packed + view.offset;
  view.reorder.run(lane.parameters, lane.scratch + view.offset, lane.scratch + primitive_at);
  return lane.scratch + view.offset;
}

Weighted::Weighted() = default;
Weighted::~Weighted() = default;

void Weighted::compile(const Plan& plan, const Build& build) {
  const auto* reference = static_cast<const Weighted*>(build.reference);
  auto made = std::make_unique<Kernels>();
  Kernels& k = *made;
  k.bias = plan.bias;
  k.fused = plan.fused;
  k.forward = Primitive(plan.forward);
  k.backward_weights = Primitive(plan.backward_weights);
  if (plan.backward_data) k.backward_data = Primitive(*plan.backward_data);
  k.share_layouts(reference != nullptr ? reference->kernels_.get() : nullptr, plan);
  for (const auto& desc : k.packed) k.pack_reorders.emplace_back(k.storage, desc);
  k.activation = ActivationKernel(plan.activation, default_alpha(plan.activation), plan.output);
  k.source_reorder = Reorder(plan.input, plan.source);
  k.diff_output_reorder = Reorder(plan.output, plan.diff_output);
  if (k.backward_data) k.diff_source_reorder = Reorder(plan.diff_source, plan.input);

  Regions workspace, scratch;
  if (k.source_reorder) k.source_at = workspace.take(onednn::floats_of(plan.source));
  if (k.activation && !k.fused) k.z_at = workspace.take(onednn::floats_of(plan.output));
  if (k.diff_output_reorder) k.diff_output_at = scratch.take(onednn::floats_of(plan.diff_output));
  k.forward_weight = k.view_of(k.forward.desc(DNNL_ARG_WEIGHTS), scratch);
  if (k.backward_data) {
    k.backward_weight = k.view_of(k.backward_data.desc(DNNL_ARG_WEIGHTS), scratch);
    if (k.diff_source_reorder) k.diff_source_at = scratch.take(onednn::floats_of(plan.diff_source));
  }
  const auto gradient = k.backward_weights.desc(DNNL_ARG_DIFF_WEIGHTS);
  k.gradient_reorder = Reorder(gradient, k.storage);
  if (k.gradient_reorder) k.gradient_at = scratch.take(onednn::floats_of(gradient));
  k.primitive_at = scratch.take(most(
      {k.forward.scratch_floats(), k.backward_weights.scratch_floats(),
       k.backward_data ? k.backward_data.scratch_floats() : 0, k.activation.scratch_floats(),
       k.source_reorder.scratch_floats(), k.diff_output_reorder.scratch_floats(),
       k.diff_source_reorder.scratch_floats(), k.gradient_reorder.scratch_floats(),
       k.forward_weight.reorder.scratch_floats(), k.backward_weight.reorder.scratch_floats()}));
  workspace_floats_ = workspace.size();
  scratch_floats_ = scratch.size();
  for (std::size_t i = 0; i < k.packed.size(); ++i) {
    packed_floats_ = k.packed_at[i] + padded(onednn::floats_of(k.packed[i]));
  }

  parameters_ = {plan.weight};
  parameters_[0].storage = k.bias_at = padded(onednn::floats_of(k.storage));
  if (k.bias) {
    ParameterInfo bias;
    bias.name = "bias";
    bias.shape = {plan.bias_size > 0 ? plan.bias_size : plan.weight.shape[0]};
    bias.storage = padded(static_cast<std::size_t>(bias.shape[0]));
    parameters_.push_back(bias);
  }
  kernels_ = std::move(made);
}

void Weighted::to_plain(std::size_t index, const float* storage, float* plain) const {
  if (index != 0) return Layer::to_plain(index, storage, plain);
  onednn::reorder_once(kernels_->storage, storage, kernels_->plain_weight, plain);
}

void Weighted::from_plain(std::size_t index, const float* plain, float* storage) const {
  if (index != 0) return Layer::from_plain(index, plain, storage);
  std::fill_n(storage, parameters_[0].storage, 0.0f);
  onednn::reorder_once(kernels_->plain_weight, plain, kernels_->storage, storage);
}

void Weighted::pack(const float* parameters, float* packed) const {
  for (std::size_t i = 0; i < kernels_->packed.size(); ++i) {
    const auto& reorder = kernels_->pack_reorders[i];
    Buffer<float> scratch(reorder.scratch_floats());  // oneDNN's own reorders need none
    reorder.run(parameters, packed + kernels_->packed_at[i], scratch.data());
  }
}

void Weighted::forward(Lane& lane) const {
  const Kernels& k = *kernels_;
  float* scratch = lane.scratch + k.primitive_at;
  const float* source = lane.x;
  if (k.source_reorder) {
    k.source_reorder.run(lane.x, lane.workspace + k.source_at, scratch);
    source = lane.workspace + k.source_at;
  }
  const float* weight = k.weight(k.forward_weight, lane);
  const bool apart = k.activation && !k.fused;
  float* z = apart ? lane.workspace + k.z_at : lane.y;
  if (k.bias) {
    k.forward.run({{DNNL_ARG_SRC, source},
                   {DNNL_ARG_WEIGHTS, weight},
                   {DNNL_ARG_DST, z},
                   {DNNL_ARG_BIAS, lane.parameters + k.bias_at}},
                  scratch);
  } else {
    k.forward.run({{DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, weight}, {DNNL_ARG_DST, z}}, scratch);
  }
  if (apart) k.activation.forward(z, lane.y, scratch);
}

void Weighted::backward(Lane& lane) const {
  const Kernels& k = *kernels_;
  float* scratch = lane.scratch + k.primitive_at;
  if (k.activation) {
    const bool from_input = k.activation.needs_input();
    k.activation.backward(from_input ? lane.workspace + k.z_at : lane.y, lane.dy, lane.dy, scratch);
  }
  const float* dz = lane.dy;
  if (k.diff_output_reorder) {
    k.diff_output_reorder.run(lane.dy, lane.scratch + k.diff_output_at, scratch);
    dz = lane.scratch + k.diff_output_at;
  }
  const float* source = k.source_reorder ? lane.workspace + k.source_at : lane.x;
  float* gradient = k.gradient_reorder ? lane.scratch + k.gradient_at : lane.gradients;
  if (k.bias) {
    k.backward_weights.run({{DNNL_ARG_SRC, source},
                            {DNNL_ARG_DIFF_DST, dz},
                            {DNNL_ARG_DIFF_WEIGHTS, gradient},
                            {DNNL_ARG_DIFF_BIAS, lane.gradients + k.bias_at}},
                           scratch);
  } else {
    k.backward_weights.run(
        {{DNNL_ARG_SRC, source}, {DNNL_ARG_DIFF_DST, dz}, {DNNL_ARG_DIFF_WEIGHTS, gradient}},
        scratch);
  }
  if (k.gradient_reorder) k.gradient_reorder.run(gradient, lane.gradients, scratch);
  if (lane.dx == nullptr || !k.backward_data) return;
  float* dx = k.diff_source_reorder ? lane.scratch + k.diff_source_at : lane.dx;
  k.backward_data.run({{DNNL_ARG_DIFF_DST, dz},
                       {DNNL_ARG_WEIGHTS, k.weight(k.backward_weight, lane)},
                       {DNNL_ARG_DIFF_SRC, dx}},
                      scratch);
  if (k.diff_source_reorder) k.diff_source_reorder.run(dx, lane.dx, scratch);
}

}  // namespace lockstep::layers
