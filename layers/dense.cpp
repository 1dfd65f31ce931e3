#include "layers/dense.hpp"

#include "layers/initializers.hpp"
#include "layers/weighted_plan.hpp"

namespace lockstep::layers {

Dense::Dense(const proto::Dense& config, const TensorSpec& input, const Build& build) {
  const bool sequence = input.shape.rank() == 2;
  const std::int64_t rows = sequence ? build.rows * input.shape[0] : build.rows;
  const auto features = sequence ? input.shape[1] : static_cast<std::int64_t>(input.shape.size());
  const std::int64_t units = config.units();
  if (units == 0) throw config_error(build, "units", "a dense layer needs at least one unit");
  const auto source = onednn::plain({rows, features});
  const auto output = onednn::plain({rows, units});
  const auto any_weight = onednn::any({units, features});
  const auto bias = config.use_bias() ? onednn::plain({units}) : onednn::Desc();

  const auto forward = onednn::inner_product_forward(source, any_weight, bias, output,
                                                     forward_attributes(config.activation()));
  Plan plan;
  plan.input = sequence ? source : onednn::desc_of(input, build.rows);  // sequences are plain
  plan.source = sequence ? source : onednn::plain(onednn::dims_of(build.rows, input.shape));
  plan.diff_source = plan.source;
  plan.plain_weight = onednn::plain({units, features});
  plan.forward = forward;
  const auto stored = build.plain_storage ? onednn::plain({units, features}) : any_weight;
  plan.backward_weights =
      onednn::inner_product_backward_weights(source, stored, bias, output, forward);
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
  const Shape shape = sequence ? Shape{input.shape[0], units} : Shape{units};
  output_ = onednn::plain_spec(shape, build.rows);
  output_.masked = sequence && input.masked;
  flops_ = 2.0 * static_cast<double>(units) * static_cast<double>(input.shape.size());
  compile(plan, build);
}

}  // namespace lockstep::layers
