#pragma once
/// A network compiled for one number of rows (and steps), and where its tensors lie in a worker's
/// arena.

#include <memory>

#include "layers/network.hpp"
#include "layers/sequential.hpp"

namespace lockstep::layers {

struct Program {
  /// `reference`: the program for lane_size rows; null if this is it. `at`: config path of the
  /// layer list, `outline` what there is to know besides.
  Program(const Sequential::Configs& configs, const Shape& input, std::size_t rows,
          const std::string& at, const Outline& outline, const Program* reference);

  std::size_t rows;
  Shape shape;  // of an input row
  std::unique_ptr<const Sequential> layers;
  std::unique_ptr<const Layer> tap;  // brings the tapped layer's output to [N, F]; null: none is
  // Offsets in the arena, in floats. The input comes first, so that it stays where it is when the
  // arena is laid out anew.
  std::size_t input = 0, logits = 0, dlogits = 0, outputs = 0, workspace = 0, scratch = 0,
              tapped = 0;
  std::size_t arena_floats = 0;
};

}  // namespace lockstep::layers
