#include "layers/batch_norm.hpp"

#include <algorithm>
#include <utility>

#include "layers/onednn/factory.hpp"
#include "layers/onednn/primitive.hpp"

namespace lockstep::layers {

struct BatchNorm::Kernels {
  onednn::Primitive training, inference, backward;
  std::size_t channels = 0, rows = 0;
  bool has_spread = true;  // a lane has more than one value a channel
  double unbiased = 1;     // M / (M - 1)
  int shift_in_backward =
      onednn::kNoArgument;  // versions of oneDNN differ in whether backward takes it
  std::size_t bias_at = 0, mean_at = 0, variance_at = 0;  // in parameters and gradients
  std::size_t lane_mean_at = 0, lane_variance_at = 0;     // in the workspace
  std::size_t dx_at = 0, primitive_at = 0;                // in the scratch memory
};

namespace {

ParameterInfo info(const char* name, std::int64_t channels, double constant) {
  ParameterInfo made;
  made.name = name;
  made.shape = {channels};
  made.storage = padded(static_cast<std::size_t>(channels));
  made.constant = constant;
  return made;
}

ParameterInfo statistic(const char* name, std::int64_t channels, double constant, double momentum) {
  auto made = info(name, channels, constant);
  made.kind = ParameterInfo::Kind::Statistic;
  made.momentum = momentum;
  return made;
}

}  // namespace

BatchNorm::BatchNorm(const proto::BatchNorm& config, const TensorSpec& input, const Build& build) {
  if (input.shape.rank() != 1 && input.shape.rank() != 3) {
    throw config_error(
        build, "",
        "batch_norm needs vectors or images, but its input has shape " + to_string(input.shape));
  }
  const auto channels = input.shape[0];
  const auto desc = onednn::desc_of(input, build.rows);
  const auto epsilon = static_cast<float>(config.epsilon());
  const auto training = onednn::batch_norm_forward(false, desc, epsilon);
  auto made = std::make_unique<Kernels>();
  auto& k = *made;
  k.training = onednn::Primitive(training);
  k.inference = onednn::Primitive(onednn::batch_norm_forward(true, desc, epsilon));
  k.backward = onednn::Primitive(onednn::batch_norm_backward(desc, epsilon, training));
  if (k.backward.inputs() == 6) k.shift_in_backward = DNNL_ARG_SHIFT;
  k.channels = static_cast<std::size_t>(channels);
  k.rows = static_cast<std::size_t>(build.rows);
  const double values =
      static_cast<double>(k.rows) * static_cast<double>(input.shape.size() / k.channels);
  k.has_spread = values > 1;
  k.unbiased = k.has_spread ? values / (values - 1) : 1;
  if (!k.has_spread && build.reference == nullptr) {
    throw config_error(build, "",
                       "batch_norm has one value a channel in each lane, which has no variance",
                       "raise lane_size to 2 or more (16 or more is usual)");
  }

  const auto each = padded(k.channels);
  k.bias_at = each, k.mean_at = 2 * each, k.variance_at = 3 * each;
  Regions workspace, scratch;
  k.lane_mean_at = workspace.take(k.channels);
  k.lane_variance_at = workspace.take(k.channels);
  k.dx_at = scratch.take(onednn::floats_of(desc));
  k.primitive_at = scratch.take(std::max(
      {k.training.scratch_floats(), k.inference.scratch_floats(), k.backward.scratch_floats()}));
  workspace_floats_ = workspace.size();
  scratch_floats_ = scratch.size();
  parameters_ = {info("weight", channels, 1), info("bias", channels, 0),
                 statistic("running_mean", channels, 0, config.momentum()),
                 statistic("running_var", channels, 1, config.momentum())};
  output_ = onednn::make_spec(input.shape, desc, build.rows);
  flops_ = 4.0 * static_cast<double>(input.shape.size());
  kernels_ = std::move(made);
}

BatchNorm::~BatchNorm() = default;

void BatchNorm::forward(Lane& lane) const {
  const auto& k = *kernels_;
  const float* weight = lane.parameters;
  const float* bias = lane.parameters + k.bias_at;
  const float* mean = lane.training ? lane.workspace + k.lane_mean_at : lane.parameters + k.mean_at;
  const float* variance =
      lane.training ? lane.workspace + k.lane_variance_at : lane.parameters + k.variance_at;
  (lane.training ? k.training : k.inference)
      .run({{DNNL_ARG_SRC, lane.x},
            {DNNL_ARG_MEAN, mean},
            {DNNL_ARG_VARIANCE, variance},
            {DNNL_ARG_SCALE, weight},
            {DNNL_ARG_SHIFT, bias},
            {DNNL_ARG_DST, lane.y}},
           lane.scratch + k.primitive_at);
}

void BatchNorm::backward(Lane& lane) const {
  const auto& k = *kernels_;
  // The primitive has no mode without dx.
  float* dx = lane.dx != nullptr ? lane.dx : lane.scratch + k.dx_at;
  k.backward.run({{DNNL_ARG_SRC, lane.x},
                  {DNNL_ARG_MEAN, lane.workspace + k.lane_mean_at},
                  {DNNL_ARG_VARIANCE, lane.workspace + k.lane_variance_at},
                  {DNNL_ARG_SCALE, lane.parameters},
                  {k.shift_in_backward, lane.parameters + k.bias_at},
                  {DNNL_ARG_DIFF_DST, lane.dy},
                  {DNNL_ARG_DIFF_SRC, dx},
                  {DNNL_ARG_DIFF_SCALE, lane.gradients},
                  {DNNL_ARG_DIFF_SHIFT, lane.gradients + k.bias_at}},
                 lane.scratch + k.primitive_at);
  write_statistics(lane);
}

// Sums over the rows, of which the step makes means. A lane without spread is left out: what it
// adds leaves the running statistics as they are, as far as its rows count.
void BatchNorm::write_statistics(const Lane& lane) const {
  const auto& k = *kernels_;
  const auto rows = static_cast<double>(k.rows);
  if (!k.has_spread) {
    for (std::size_t c = 0; c < k.channels; ++c) {
      lane.gradients[k.mean_at + c] = static_cast<float>(rows * lane.parameters[k.mean_at + c]);
      lane.gradients[k.variance_at + c] =
          static_cast<float>(rows * lane.parameters[k.variance_at + c]);
    }
    return;
  }
  for (std::size_t c = 0; c < k.channels; ++c) {
    lane.gradients[k.mean_at + c] = static_cast<float>(rows * lane.workspace[k.lane_mean_at + c]);
    lane.gradients[k.variance_at + c] =
        static_cast<float>(rows * k.unbiased * lane.workspace[k.lane_variance_at + c]);
  }
}

}  // namespace lockstep::layers
