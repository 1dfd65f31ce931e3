#pragma once
/// A vector for each word. N = rows of the lane, T = words a row, V = vocabulary size, U = units.
///   x [N, T] ids   weight [V, U]   y [N, T, U], masked
///   y[n, t] = weight[x[n, t]], zero for id 0;  dweight[v] = sum of dy[n, t] over x[n, t] = v, in
///   the order of n and t; nothing for id 0;  dx = 0: ids have no gradient
/// dweight is zero but for the words of the lane: where its memory is a block of the flat vector
/// (Lane::touched), only those are written.
/// A row ends behind its last id that is not 0. Where the vectors are not trainable they are a
/// parameter that no step changes.

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class Embedding final : public Layer {
 public:
  /// @throws ConfigError if the input is not [T], or the vocabulary is not known.
  Embedding(const proto::Embedding& config, const TensorSpec& input, const Build& build);
  void output_lengths(const Lane& lane, std::int32_t* lengths) const override;
  /// @throws DataError naming an id that is no whole number of 0 .. V - 1.
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  std::size_t word_of(float id) const;

  std::size_t steps_, units_, words_;
  bool trainable_;
};

}  // namespace lockstep::layers
