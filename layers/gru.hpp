#pragma once
/// Gated recurrent unit over time. Shapes: layers/recurrent.hpp; formulas: layers/gru_cell.hpp.

#include "layers/recurrent.hpp"

namespace lockstep::layers {

/// With reset_after there are two biases, bias_ih_l0 and bias_hh_l0.
class Gru final : public Recurrent {
 public:
  Gru(const proto::Gru& config, const TensorSpec& input, const Build& build);
};

}  // namespace lockstep::layers
