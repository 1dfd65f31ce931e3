#pragma once
/// Long short-term memory over time. Shapes: layers/recurrent.hpp; formulas: layers/lstm_cell.hpp.

#include "layers/recurrent.hpp"

namespace lockstep::layers {

class Lstm final : public Recurrent {
 public:
  Lstm(const proto::Lstm& config, const TensorSpec& input, const Build& build);
};

}  // namespace lockstep::layers
