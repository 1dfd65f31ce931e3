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
  const auto factor = factor_type(build);
  const auto source = onednn::plain({rows, features}, factor);
  const auto output = onednn::plain({rows, units});
  const auto diff_output = onednn::plain({rows, units}, factor);
  const auto any_weight = onednn::any({units, features}, factor);
  const auto bias = config.use_bias() ? onednn::plain({units}) : onednn::Desc();

  const auto forward = onednn::inner_product_forward(source, any_weight, bias, output,
                                                     forward_attributes(config.activation()));
  Plan plan;
  const auto dims = sequence ? onednn::dims_of(source) : onednn::dims_of(build.rows, input.shape);
  plan.input = sequence ? onednn::plain(dims) : onednn::desc_of(input, build.rows);
  plan.source = onednn::plain(dims, factor);
  plan.diff_source = onednn::plain(dims);
  plan.diff_output = diff_output;
  plan.plain_weight = onednn::plain({units, features});
  plan.forward = forward;
  const auto stored =
      build.plain_storage ? onednn::plain({units, features}) : onednn::any({units, features});
  plan.backward_weights =
      onednn::inner_product_backward_weights(source, stored, bias, diff_output, forward);
  if (build.input_gradient) {
    plan.backward_data = onednn::inner_product_backward_data(onednn::plain({rows, features}),
                                                             any_weight, diff_output, forward);
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
