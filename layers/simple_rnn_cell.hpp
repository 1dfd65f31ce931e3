#pragma once
/// Simple recurrence (Elman 1990), h = f(W x + b + U h'), f = tanh or relu.

#include "layers/recurrent_cell.hpp"

namespace lockstep::layers {

class SimpleRnnCell final : public RecurrentCell {
 public:
  SimpleRnnCell(std::size_t units, bool relu, proto::Precision precision = proto::F32)
      : RecurrentCell(units, 1, precision), relu_(relu) {}
  void forward(const CellStep& step, const CellWeights& weights) const override;
  void backward(const CellStep& step, const CellWeights& weights,
                const CellGradient& gradient) const override;

 private:
  bool relu_;
};

}  // namespace lockstep::layers
