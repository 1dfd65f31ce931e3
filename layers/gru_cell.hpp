#pragma once
/// Gated recurrent unit (Cho 2014), gates r, z, n as in PyTorch. s = sigmoid, products of vectors
/// element by element.
///   r = s(W_r x + b_r + U_r h')   z likewise      h = (1 - z) n + z h'
///   reset_after (PyTorch, cuDNN): n = tanh(W_n x + b_n + r (U_n h' + d_n)),  d a second bias
///   else (the paper):             n = tanh(W_n x + b_n + U_n (r h'))
/// extra: U_n h' + d_n, in backward its gradient; or r h'.

#include "layers/recurrent_cell.hpp"

namespace lockstep::layers {

class GruCell final : public RecurrentCell {
 public:
  GruCell(std::size_t units, bool reset_after, proto::Precision precision = proto::F32)
      : RecurrentCell(units, 3, precision), reset_after_(reset_after) {}
  bool has_extra() const noexcept override { return true; }
  bool has_hidden_bias() const noexcept override { return reset_after_; }
  void forward(const CellStep& step, const CellWeights& weights) const override;
  void backward(const CellStep& step, const CellWeights& weights,
                const CellGradient& gradient) const override;
  void recurrent_gradient(const CellHistory& history, float* gradient, bool add) const override;

 private:
  void backward_reset_after(const CellStep& step, const CellWeights& weights,
                            const CellGradient& gradient) const;
  void backward_reset_before(const CellStep& step, const CellWeights& weights,
                             const CellGradient& gradient) const;

  bool reset_after_;
};

}  // namespace lockstep::layers
