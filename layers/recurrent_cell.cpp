#include "layers/recurrent_cell.hpp"

namespace lockstep::layers {

void RecurrentCell::add_state(const CellStep& step, const CellWeights& weights,
                              std::size_t gates) const {
  if (step.from_zero) return;
  onednn::multiply({step.rows, gates * units_, units_}, {step.h_before, units_},
                   weights.recurrent_transposed, {step.gates, width(), true}, precision_);
}

void RecurrentCell::return_to_state(const CellStep& step, const CellWeights& weights,
                                    std::size_t gates, float* dh, bool add) const {
  onednn::multiply({step.rows, units_, gates * units_}, {step.gates, width()}, weights.recurrent,
                   {dh, units_, add}, precision_);
}

void RecurrentCell::recurrent_gradient(const CellHistory& history, float* gradient,
                                       bool add) const {
  onednn::multiply({width(), units_, history.count}, {history.gates, width(), true},
                   {history.h_before, units_}, {gradient, units_, add}, precision_);
}

}  // namespace lockstep::layers
