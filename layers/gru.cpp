#include "layers/gru.hpp"

#include "layers/gru_cell.hpp"

namespace lockstep::layers {
namespace {

RecurrentOptions options_of(const proto::Gru& config) {
  auto options = recurrent_options(config);
  options.make_cell = [units = options.units,
                       after = config.reset_after()](proto::Precision precision) {
    return std::make_unique<const GruCell>(units, after, precision);
  };
  return options;
}

}  // namespace

Gru::Gru(const proto::Gru& config, const TensorSpec& input, const Build& build)
    : Recurrent(options_of(config), input, build) {}

}  // namespace lockstep::layers
