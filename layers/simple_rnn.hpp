#pragma once
/// Simple recurrence over time. Shapes: layers/recurrent.hpp; formula: layers/simple_rnn_cell.hpp.

#include "layers/recurrent.hpp"

namespace lockstep::layers {

class SimpleRnn final : public Recurrent {
 public:
  /// @throws ConfigError too if the activation is neither TANH nor RELU.
  SimpleRnn(const proto::SimpleRnn& config, const TensorSpec& input, const Build& build);
};

}  // namespace lockstep::layers
