// The way back through the stack: layers/recurrent.hpp.
#include "layers/elementwise.hpp"
#include "layers/recurrent_kernels.hpp"

namespace lockstep::layers {

// The gradients of the states of one direction.
RecurrenceGradients Recurrent::Kernels::incoming(std::size_t level, std::size_t direction,
                                                 const Lane& lane,
                                                 const PackedSteps& packed) const {
  RecurrenceGradients gradients;
  const bool top = level + 1 == levels.size();
  const RowsOf<const float> dy{lane.dy + direction * units, width()};
  float* states = lane.scratch + state_gradient_at;
  if (top && !sequence) {
    gradients.dh_last = dy;
  } else if (top) {
    gather_rows(direction == 0 ? packed.places() : packed.reversed_places(), packed.size(), units,
                dy, {states, units});
    gradients.dh = states;
  } else {
    const float* joined = lane.scratch + output_gradient_at[level % 2];
    gradients.dh = joined;
    if (!both) return gradients;
    gather_rows(direction == 0 ? nullptr : packed.mirror(), packed.size(), units,
                {joined + direction * units, width()}, {states, units});
    gradients.dh = states;
  }
  return gradients;
}

// The gradients of the states at the ends.
void Recurrent::Kernels::add_states(std::size_t level, std::size_t direction, const Lane& lane,
                                    RecurrenceGradients& gradients) const {
  if (lane.states == nullptr) return;
  const auto at = state_at(level, direction);
  const auto& states = *lane.states;
  if (states.dh != nullptr) {
    expects(gradients.dh_last.data == nullptr, "the last states are an output or asked for");
    gradients.dh_last = {states.dh + at, width()};
    if (states.dc != nullptr) gradients.dc_last = {states.dc + at, width()};
  }
  if (states.dh0 != nullptr) gradients.dh0 = states.dh0 + at;
  if (states.dc0 != nullptr) gradients.dc0 = states.dc0 + at;
}

// Where the gradient of a level's input is summed up, in packed order; null if nobody wants it.
float* Recurrent::Kernels::input_gradient(std::size_t level, const Lane& lane) const {
  if (level > 0) return lane.scratch + output_gradient_at[(level - 1) % 2];
  if (lane.dx == nullptr) return nullptr;
  return in_place ? lane.dx : lane.scratch + first_gradient_at;
}

void Recurrent::Kernels::backward_level(std::size_t level, const Lane& lane,
                                        const PackedSteps& packed) const {
  const auto& own = levels[level];
  float* dx = input_gradient(level, lane);
  float* second = lane.scratch + second_gradient_at;
  for (std::size_t d = 0; d < own.directions.size(); ++d) {
    auto gradients = incoming(level, d, lane, packed);
    add_states(level, d, lane, gradients);
    gradients.parameters = lane.gradients + own.directions[d].parameters_at;
    if (dx != nullptr) gradients.dx = d == 0 ? dx : second;
    own.directions[d].recurrence.backward(pass(level, d, lane, packed), gradients);
  }
  if (dx == nullptr) return;
  if (both) {
    add_gathered_rows(packed.mirror(), packed.size(), own.features, {second, own.features},
                      {dx, own.features});
  }
  if (level > 0 && drops)
    multiply(dx, lane.workspace + own.mask_at, dx, packed.size() * own.features);
}

void Recurrent::Kernels::write_input_gradient(const Lane& lane, const PackedSteps& packed) const {
  if (lane.dx == nullptr || in_place) return;
  const auto features = levels[0].features;
  scatter_rows(packed.places(), packed.size(), features,
               {lane.scratch + first_gradient_at, features}, {lane.dx, features});
}

void Recurrent::backward(Lane& lane) const {
  const auto& k = *kernels_;
  const auto packed = k.packed_steps(lane);
  for (std::size_t l = k.levels.size(); l-- > 0;) k.backward_level(l, lane, packed);
  k.write_input_gradient(lane, packed);
}

}  // namespace lockstep::layers
