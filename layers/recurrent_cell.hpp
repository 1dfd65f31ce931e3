#pragma once
/// One step of a recurrent unit, for all rows that have that step: its products with the state
/// before, and its gates. What a kind of recurrent network is; layers/recurrence.hpp runs it over
/// time.
///
/// A = rows of the step, H = units, G = gates. The input's part of the gates, W x, is there
/// already.

#include <cstddef>

#include "layers/onednn/product.hpp"

namespace lockstep::layers {

struct CellWeights {
  onednn::Factor recurrent;             ///< U [G H, H]
  onednn::Factor recurrent_transposed;  ///< [H, G H]
  const float* bias;                    ///< [G H]
  const float* hidden_bias;             ///< [G H], of cells that have it
};

/// One step. States before the first step may be `from_zero`: then they are zero, and products
/// with them are left out.
struct CellStep {
  std::size_t rows;
  bool from_zero;
  float* gates;           ///< [A, G H]: forward W x -> gates; backward gates -> their gradients
  float* extra;           ///< [A, H], of cells that have it
  const float* h_before;  ///< [A, H]
  const float* c_before;  ///< [A, H], of cells that have it
  float* h;               ///< [A, H]
  float* c;               ///< [A, H], of cells that have it
};

struct CellGradient {
  float* dh;     ///< [A, H]: gradient of h -> gradient of h_before, if that is `wanted`
  float* dc;     ///< likewise of c
  float* spare;  ///< [A, H], anything
  bool wanted = true;
};

/// Many steps after their backward: what the weight gradient is made of.
struct CellHistory {
  std::size_t count;      ///< rows of all these steps
  const float* gates;     ///< [count, G H]: their gradients
  const float* extra;     ///< [count, H]
  const float* h_before;  ///< [count, H]
};

class RecurrentCell {
 public:
  RecurrentCell(std::size_t units, std::size_t gates, proto::Precision precision)
      : units_(units), gates_(gates), precision_(precision) {}
  virtual ~RecurrentCell() = default;

  std::size_t units() const noexcept { return units_; }
  std::size_t gates() const noexcept { return gates_; }
  proto::Precision precision() const noexcept { return precision_; }  ///< of products
  std::size_t width() const noexcept { return gates_ * units_; }      ///< G H

  virtual bool has_memory() const noexcept { return false; }  ///< c
  virtual bool has_extra() const noexcept { return false; }
  /// A second bias, whose gradient is that of the gates but for the last gate, where it is extra.
  virtual bool has_hidden_bias() const noexcept { return false; }

  virtual void forward(const CellStep& step, const CellWeights& weights) const = 0;
  virtual void backward(const CellStep& step, const CellWeights& weights,
                        const CellGradient& gradient) const = 0;

  /// dU [G H, H] of these steps; `add`: added to what is there. The default: dgates^T h_before.
  virtual void recurrent_gradient(const CellHistory& history, float* gradient, bool add) const;

 protected:
  /// W x += h_before U^T for the first `gates` gates.
  void add_state(const CellStep& step, const CellWeights& weights, std::size_t gates) const;
  /// dh = or += dgates U over the first `gates` gates.
  void return_to_state(const CellStep& step, const CellWeights& weights, std::size_t gates,
                       float* dh, bool add) const;

 private:
  std::size_t units_, gates_;
  proto::Precision precision_;
};

}  // namespace lockstep::layers
