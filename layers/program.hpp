#pragma once
/// A network compiled for one number of rows (and steps), and where its tensors lie in a worker's
/// arena.

#include <memory>

#include "layers/network.hpp"
#include "layers/sequential.hpp"

namespace lockstep::layers {

/// What is compiled.
struct Blueprint {
  Sequential::Configs layers;
  std::string at;  ///< config path of the layer list
  Outline outline;
  proto::Precision precision = proto::F32;
};

struct Program {
  /// `reference`: the program for lane_size rows; null if this is it.
  Program(const Blueprint& blueprint, const Shape& input, std::size_t rows,
          const Program* reference);

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
