#pragma once
/// Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers 2000), gates as in
/// PyTorch. s = sigmoid, products of vectors element by element.
///   i = s(W_i x + b_i + U_i h')   f, o likewise   g = tanh(W_g x + b_g + U_g h')
///   c = f c' + i g                h = o tanh(c)

#include "layers/recurrent_cell.hpp"

namespace lockstep::layers {

class LstmCell final : public RecurrentCell {
 public:
  explicit LstmCell(std::size_t units, proto::Precision precision = proto::F32)
      : RecurrentCell(units, 4, precision) {}
  bool has_memory() const noexcept override { return true; }
  void forward(const CellStep& step, const CellWeights& weights) const override;
  void backward(const CellStep& step, const CellWeights& weights,
                const CellGradient& gradient) const override;
};

}  // namespace lockstep::layers
