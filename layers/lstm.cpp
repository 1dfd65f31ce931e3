#include "layers/lstm.hpp"

#include "layers/lstm_cell.hpp"

namespace lockstep::layers {
namespace {

RecurrentOptions options_of(const proto::Lstm& config) {
  auto options = recurrent_options(config);
  options.make_cell = [units = options.units](proto::Precision precision) {
    return std::make_unique<const LstmCell>(units, precision);
  };
  return options;
}

}  // namespace

Lstm::Lstm(const proto::Lstm& config, const TensorSpec& input, const Build& build)
    : Recurrent(options_of(config), input, build) {
  const std::size_t units = config.units();
  for (auto& info : parameters_) {
    if (!info.name.starts_with("bias")) continue;
    info.constant = config.forget_bias();
    info.constant_begin = units;
    info.constant_end = 2 * units;
  }
}

}  // namespace lockstep::layers
