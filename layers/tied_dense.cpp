#include "layers/tied_dense.hpp"

#include <algorithm>
#include <string>

#include "layers/elementwise.hpp"
#include "layers/onednn/product.hpp"

namespace lockstep::layers {

TiedDense::TiedDense(const proto::Dense& config, const TensorSpec& input, const Build& build)
    : bias_(config.use_bias()), precision_(build.precision) {
  if (build.tied == nullptr) {
    throw config_error(
        build, "tied_to",
        "there is no dense layer '" + config.tied_to() + "' before this one in the same list",
        "give it that name: layer { name: \"...\" dense { ... } }");
  }
  const auto& shape = build.tied->parameters().at(0).shape;  // [U, F]
  inputs_ = static_cast<std::size_t>(shape[0]);
  outputs_ = static_cast<std::size_t>(shape[1]);
  if (input.shape.rank() != 1 || input.shape.size() != inputs_) {
    throw config_error(build, "tied_to",
                       "the layer it is tied to gives " + std::to_string(inputs_) +
                           " numbers, the input has shape " + to_string(input.shape));
  }
  if (config.units() != outputs_) {
    throw config_error(build, "units",
                       "the layer it is tied to reads " + std::to_string(outputs_) +
                           " numbers, not " + std::to_string(config.units()),
                       "write units: " + std::to_string(outputs_));
  }
  output_ = onednn::plain_spec(Shape{shape[1]}, build.rows);
  flops_ = 2.0 * static_cast<double>(inputs_) * static_cast<double>(outputs_);
  activation_ = std::make_unique<const ActivationKernel>(config.activation(),
                                                         default_alpha(config.activation()),
                                                         onednn::plain({build.rows, shape[1]}));
  scratch_floats_ = activation_->scratch_floats();
  if (activation_->needs_input()) workspace_floats_ = output_.floats;  // z
  if (!bias_) return;
  ParameterInfo bias;
  bias.name = "bias";
  bias.shape = {shape[1]};
  bias.storage = padded(outputs_);
  parameters_ = {bias};
}

TiedDense::~TiedDense() = default;

void TiedDense::forward(Lane& lane) const {
  float* z = activation_->needs_input() ? lane.workspace : lane.y;
  for (std::size_t n = 0; bias_ && n < lane.rows; ++n)
    std::copy_n(lane.parameters, outputs_, z + n * outputs_);
  onednn::multiply({lane.rows, outputs_, inputs_}, {lane.x, inputs_}, {lane.tied, outputs_},
                   {z, outputs_, bias_}, precision_);
  if (*activation_) activation_->forward(z, lane.y, lane.scratch);
}

void TiedDense::backward(Lane& lane) const {
  if (*activation_) {
    activation_->backward(activation_->needs_input() ? lane.workspace : lane.y, lane.dy, lane.dy,
                          lane.scratch);
  }
  if (bias_) {
    std::fill_n(lane.gradients, outputs_, 0.0f);
    for (std::size_t n = 0; n < lane.rows; ++n)
      add(lane.gradients, lane.dy + n * outputs_, lane.gradients, outputs_);
  }
  onednn::multiply({inputs_, outputs_, lane.rows}, {lane.x, inputs_, true}, {lane.dy, outputs_},
                   {lane.tied_gradient, outputs_}, precision_);
  if (lane.dx == nullptr) return;
  onednn::multiply({lane.rows, inputs_, outputs_}, {lane.dy, outputs_}, {lane.tied, outputs_, true},
                   {lane.dx, inputs_}, precision_);
}

}  // namespace lockstep::layers
