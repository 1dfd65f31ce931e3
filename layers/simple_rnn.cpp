#include "layers/simple_rnn.hpp"

#include "layers/simple_rnn_cell.hpp"

namespace lockstep::layers {
namespace {

RecurrentOptions options_of(const proto::SimpleRnn& config, const Build& build) {
  const bool relu = config.activation() == proto::RELU;
  if (!relu && config.activation() != proto::TANH) {
    throw config_error(build, "activation",
                       "a simple recurrence works with TANH or RELU, not " +
                           proto::Activation_Name(config.activation()));
  }
  auto options = recurrent_options(config);
  options.make_cell = [units = options.units, relu](proto::Precision precision) {
    return std::make_unique<const SimpleRnnCell>(units, relu, precision);
  };
  return options;
}

}  // namespace

SimpleRnn::SimpleRnn(const proto::SimpleRnn& config, const TensorSpec& input, const Build& build)
    : Recurrent(options_of(config, build), input, build) {}

}  // namespace lockstep::layers
