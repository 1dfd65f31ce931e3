#include "layers/dense.hpp"

#include "layers/initializers.hpp"
#include "layers/weighted_plan.hpp"

namespace lockstep::layers {

Dense::Dense(const proto::Dense& config, const TensorSpec& input, const Build& build) {
  const auto features = static_cast<std::int64_t>(input.shape.size());
  const std::int64_t units = config.units();
  if (units == 0) throw config_error(build, "units", "a dense layer needs at least one unit");
  const auto source = onednn::plain({build.rows, features});
  const auto output = onednn::plain({build.rows, units});
  const auto any_weight = onednn::any({units, features});
  const auto bias = config.use_bias() ? onednn::plain({units}) : onednn::Desc();

  const auto forward = onednn::inner_product_forward(source, any_weight, bias, output,
                                                     forward_attributes(config.activation()));
  Plan plan;
  plan.input = onednn::desc_of(input, build.rows);
  plan.source =
      onednn::plain(onednn::dims_of(build.rows, input.shape));  // in memory the same as `source`
  plan.diff_source = plan.source;
  plan.plain_weight = onednn::plain({units, features});
  plan.forward = forward;
  plan.backward_weights =
      onednn::inner_product_backward_weights(source, any_weight, bias, output, forward);
  if (build.input_gradient) {
    plan.backward_data = onednn::inner_product_backward_data(source, any_weight, output, forward);
  }
  plan.bias = config.use_bias();
  plan.activation = config.activation();
  plan.fused = fusable(config.activation());
  plan.output = output;
  plan.weight.name = "weight";
  plan.weight.shape = {units, features};
  plan.weight.initializer =
      resolve(config.kernel_initializer(), config.activation(), build.following);
  plan.weight.scale = config.initializer_scale();
  plan.weight.fan_in = static_cast<std::size_t>(features);
  plan.weight.fan_out = static_cast<std::size_t>(units);
  output_ = onednn::plain_spec(Shape{units}, build.rows);
  flops_ = 2.0 * static_cast<double>(units) * static_cast<double>(features);
  compile(plan, build);
}

}  // namespace lockstep::layers
