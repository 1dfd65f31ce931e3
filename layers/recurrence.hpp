#pragma once
/// A recurrent cell over time: one layer, one direction. Not a layer of a network by itself; lstm,
/// gru and simple_rnn stack it, and a decoder may run it from a state of its own.
///
/// N = rows, T = steps, F = features, H = units, G = gates, P = steps of all rows together
/// (layers/packed_steps.hpp). Nothing is compiled for N or T: any PackedSteps will do. The input's
/// weights meet the steps in large products, a few steps at a time, so that the gates stay in the
/// core's cache; so do the weight gradients.

#include <memory>
#include <string>
#include <vector>

#include "layers/layer.hpp"
#include "layers/onednn/product.hpp"
#include "layers/packed_steps.hpp"
#include "layers/recurrent_cell.hpp"

namespace lockstep::layers {

/// What a pass over the steps needs. States before the first and after the last step are in the
/// order of the lane's rows; those of a row without steps are the same.
struct RecurrencePass {
  const PackedSteps* steps = nullptr;
  const float* parameters = nullptr;  ///< in storage order
  const float* packed = nullptr;      ///< by pack()
  const float* x = nullptr;           ///< [P, F]
  const float* h0 = nullptr;          ///< [N, H] state before the first step; null: zero
  const float* c0 = nullptr;          ///< [N, H] likewise, of a cell with memory
  float* workspace = nullptr;         ///< workspace_floats(), from forward to backward
  float* scratch = nullptr;           ///< scratch_floats()
};

/// Gradients that come in and those that are wanted.
struct RecurrenceGradients {
  const float* dh = nullptr;                ///< [P, H] of all states; null: zero
  RowsOf<const float> dh_last{nullptr, 0};  ///< [N, H] of the last states; null: zero
  RowsOf<const float> dc_last{nullptr, 0};  ///< [N, H]; null: zero
  float* dx = nullptr;                      ///< [P, F] written; null: not wanted
  float* dh0 = nullptr;                     ///< [N, H] written; null: not wanted
  float* dc0 = nullptr;                     ///< [N, H] likewise
  float* parameters = nullptr;              ///< written, in storage order
  bool add = false;                         ///< `parameters` are added to instead
};

class Recurrence {
 public:
  Recurrence(std::unique_ptr<const RecurrentCell> cell, std::size_t features);

  const RecurrentCell& cell() const noexcept { return *cell_; }
  std::size_t features() const noexcept { return features_; }
  std::size_t units() const noexcept { return cell_->units(); }

  /// weight_ih [G H, F], weight_hh [G H, H], bias [G H] (or bias_ih and bias_hh), as PyTorch names
  /// them; `suffix` is for example "_l0_reverse".
  std::vector<ParameterInfo> parameters(const std::string& suffix) const;
  std::size_t parameter_floats() const noexcept { return parameter_floats_; }

  std::size_t packed_floats() const noexcept { return packed_floats_; }
  void pack(const float* parameters, float* packed) const;

  std::size_t workspace_floats(std::size_t rows, std::size_t steps) const;
  std::size_t scratch_floats(std::size_t rows) const;
  double flops_of_step() const noexcept;  ///< of one row

  void forward(const RecurrencePass& pass) const;
  void backward(const RecurrencePass& pass, const RecurrenceGradients& gradients) const;

  /// After forward: all states [P, H], and the last ones, [N, H] in the order of the rows.
  const float* states(const RecurrencePass& pass) const;
  void copy_last_states(const RecurrencePass& pass, RowsOf<float> to) const;
  void copy_last_memories(const RecurrencePass& pass, RowsOf<float> to) const;

 private:
  // The parts of a workspace. States begin with those before the first step; step t's lie
  // N + first(t) rows behind.
  struct Memory {
    float* gates;  // [P, G H]
    float* h;      // [N + P, H]
    float* c;      // [N + P, H], of a cell with memory
    float* extra;  // [P, H], of a cell that has it
  };
  // W [G H, F], and transposed; U among the cell's.
  struct Weights {
    onednn::Factor input, input_transposed;
    CellWeights cell;
  };
  struct Backward;

  Memory memory_of(const RecurrencePass& pass) const;
  Weights weights_of(const RecurrencePass& pass) const;
  CellStep step_of(const RecurrencePass& pass, const Memory& memory, std::size_t t) const;
  std::size_t chunk_rows() const noexcept;
  std::size_t chunk_end(const PackedSteps& steps, std::size_t begin) const;
  std::size_t chunk_begin(const PackedSteps& steps, std::size_t end) const;
  void copy_last(const RecurrencePass& pass, const float* states, RowsOf<float> to) const;
  void backward_steps(const Backward& run, std::size_t begin, std::size_t end) const;
  void backward_products(const Backward& run, std::size_t begin, std::size_t end, bool add) const;
  const float* states_before(const Backward& run, std::size_t begin, std::size_t end) const;
  void write_bias_gradients(const Backward& run) const;

  std::unique_ptr<const RecurrentCell> cell_;
  std::size_t features_;
  std::size_t recurrent_at_ = 0, bias_at_ = 0, hidden_bias_at_ = 0;  // in the parameters
  std::size_t parameter_floats_ = 0;
  // In the packed memory: W and U transposed; in bf16, where all are rounded, W and U as well.
  std::size_t packed_input_t_at_ = 0, packed_recurrent_t_at_ = 0;
  std::size_t packed_input_at_ = 0, packed_recurrent_at_ = 0, packed_floats_ = 0;
};

}  // namespace lockstep::layers
