#pragma once
/// The inside of layers/recurrent.hpp: only its two sources include this.

#include <array>
#include <cstdint>
#include <vector>

#include "layers/dropout_mask.hpp"
#include "layers/packed_steps.hpp"
#include "layers/recurrence.hpp"
#include "layers/recurrent.hpp"

namespace lockstep::layers {

// One layer of the stack.
struct Recurrent::Level {
  struct Direction {
    Recurrence recurrence;
    std::size_t parameters_at, packed_at;
    std::size_t workspace_at = 0;
    std::size_t x_at = 0;  // in the workspace, if the input is brought there: see Kernels::input
  };
  std::vector<Direction> directions;
  std::size_t features = 0;
  std::size_t mask_at = 0;   // of the dropout before it, in the workspace
  std::uint64_t number = 0;  // of that dropout in the network
};

struct Recurrent::Kernels {
  std::size_t rows = 0, steps = 0, units = 0;
  bool both = false;      // directions
  bool sequence = false;  // all states are the output
  bool in_place = false;  // the steps of x already lie as a recurrence wants them
  bool drops = false;
  DropoutRate rate{0};
  std::vector<Level> levels;
  std::size_t steps_at = 0;  // in the workspace
  // In the scratch memory: gradients of a level's output, of one direction's states, of x.
  std::array<std::size_t, 2> output_gradient_at{};
  std::size_t state_gradient_at = 0, first_gradient_at = 0, second_gradient_at = 0;
  std::size_t recurrence_at = 0;

  std::size_t width() const { return (both ? 2 : 1) * units; }
  PackedSteps packed_steps(const Lane& lane) const {
    return {rows, steps, lane.workspace + steps_at};
  }
  void place_workspace(Regions& workspace);
  void place_scratch(Regions& scratch, bool input_gradient);

  bool copies_input(std::size_t level, std::size_t direction) const;
  const float* input(std::size_t level, std::size_t direction, const Lane& lane) const;
  RecurrencePass pass(std::size_t level, std::size_t direction, const Lane& lane,
                      const PackedSteps& packed) const;

  void bring_input(const Lane& lane, const PackedSteps& packed) const;
  void join_states(std::size_t level, const Lane& lane, const PackedSteps& packed) const;
  void drop(const Level& level, const Lane& lane, const PackedSteps& packed) const;
  void write_output(const Lane& lane, const PackedSteps& packed) const;
  void write_last_states(const Lane& lane, const PackedSteps& packed) const;

  /// Where the states of a level and direction begin in Lane::states.
  std::size_t state_at(std::size_t level, std::size_t direction) const {
    return level * rows * width() + direction * units;
  }

  RecurrenceGradients incoming(std::size_t level, std::size_t direction, const Lane& lane,
                               const PackedSteps& packed) const;
  void add_states(std::size_t level, std::size_t direction, const Lane& lane,
                  RecurrenceGradients& gradients) const;
  float* input_gradient(std::size_t level, const Lane& lane) const;
  void backward_level(std::size_t level, const Lane& lane, const PackedSteps& packed) const;
  void write_input_gradient(const Lane& lane, const PackedSteps& packed) const;
};

}  // namespace lockstep::layers
