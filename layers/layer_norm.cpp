#include "layers/layer_norm.hpp"

#include <algorithm>
#include <utility>

#include "layers/onednn/factory.hpp"
#include "layers/onednn/primitive.hpp"

namespace lockstep::layers {

struct LayerNorm::Kernels {
  onednn::Primitive forward, backward;
  onednn::Reorder to_plain, from_plain;
  int shift_in_backward =
      onednn::kNoArgument;  // versions of oneDNN differ in whether backward takes it
  std::size_t bias_at = 0;  // in parameters and gradients
  std::size_t mean_at = 0, variance_at = 0, x_at = 0;  // in the workspace
  std::size_t dx_at = 0, primitive_at = 0;             // in the scratch memory
};

LayerNorm::LayerNorm(const proto::LayerNorm& config, const TensorSpec& input, const Build& build) {
  const bool sequence = input.shape.rank() == 2;
  const Shape normalized = sequence ? Shape{input.shape[1]} : input.shape;
  const auto features = normalized.size();
  const auto rows = static_cast<std::size_t>(sequence ? build.rows * input.shape[0] : build.rows);
  const auto flat =
      onednn::plain({static_cast<std::int64_t>(rows), static_cast<std::int64_t>(features)});
  const auto desc = onednn::desc_of(input, build.rows);
  const auto plain = onednn::plain(onednn::dims_of(build.rows, input.shape));
  const auto epsilon = static_cast<float>(config.epsilon());
  const auto forward = onednn::layer_norm_forward(flat, epsilon);
  auto made = std::make_unique<Kernels>();
  auto& k = *made;
  k.forward = onednn::Primitive(forward);
  k.backward = onednn::Primitive(onednn::layer_norm_backward(flat, epsilon, forward));
  if (k.backward.inputs() == 6) k.shift_in_backward = DNNL_ARG_SHIFT;
  k.to_plain = onednn::Reorder(desc, plain);
  k.from_plain = onednn::Reorder(plain, desc);
  k.bias_at = padded(features);
  Regions workspace, scratch;
  k.mean_at = workspace.take(rows);
  k.variance_at = workspace.take(rows);
  if (k.to_plain) k.x_at = workspace.take(rows * features);
  k.dx_at = scratch.take(rows * features);
  k.primitive_at =
      scratch.take(std::max({k.forward.scratch_floats(), k.backward.scratch_floats(),
                             k.to_plain.scratch_floats(), k.from_plain.scratch_floats()}));
  workspace_floats_ = workspace.size();
  scratch_floats_ = scratch.size();

  ParameterInfo weight;
  weight.name = "weight";
  weight.shape = normalized.dims();
  weight.storage = padded(features);
  weight.constant = 1;
  ParameterInfo bias = weight;
  bias.name = "bias";
  bias.constant = 0;
  parameters_ = {weight, bias};
  output_ = onednn::plain_spec(input.shape, build.rows);
  output_.masked = input.masked;
  flops_ = 8.0 * static_cast<double>(input.shape.size());
  kernels_ = std::move(made);
}

LayerNorm::~LayerNorm() = default;

void LayerNorm::forward(Lane& lane) const {
  const auto& k = *kernels_;
  float* scratch = lane.scratch + k.primitive_at;
  const float* x = lane.x;
  if (k.to_plain) {
    k.to_plain.run(lane.x, lane.workspace + k.x_at, scratch);
    x = lane.workspace + k.x_at;
  }
  k.forward.run({{DNNL_ARG_SRC, x},
                 {DNNL_ARG_MEAN, lane.workspace + k.mean_at},
                 {DNNL_ARG_VARIANCE, lane.workspace + k.variance_at},
                 {DNNL_ARG_SCALE, lane.parameters},
                 {DNNL_ARG_SHIFT, lane.parameters + k.bias_at},
                 {DNNL_ARG_DST, lane.y}},
                scratch);
}

void LayerNorm::backward(Lane& lane) const {
  const auto& k = *kernels_;
  float* scratch = lane.scratch + k.primitive_at;
  const bool direct = lane.dx != nullptr && !k.from_plain;
  float* dx = direct ? lane.dx : lane.scratch + k.dx_at;  // the primitive has no mode without dx
  k.backward.run({{DNNL_ARG_SRC, k.to_plain ? lane.workspace + k.x_at : lane.x},
                  {DNNL_ARG_MEAN, lane.workspace + k.mean_at},
                  {DNNL_ARG_VARIANCE, lane.workspace + k.variance_at},
                  {DNNL_ARG_SCALE, lane.parameters},
                  {k.shift_in_backward, lane.parameters + k.bias_at},
                  {DNNL_ARG_DIFF_DST, lane.dy},
                  {DNNL_ARG_DIFF_SRC, dx},
                  {DNNL_ARG_DIFF_SCALE, lane.gradients},
                  {DNNL_ARG_DIFF_SHIFT, lane.gradients + k.bias_at}},
                 scratch);
  if (lane.dx != nullptr && k.from_plain) k.from_plain.run(dx, lane.dx, scratch);
}

}  // namespace lockstep::layers
