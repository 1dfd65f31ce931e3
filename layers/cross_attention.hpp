#pragma once
/// Attention of a decoder to the states of its encoder (Luong 2015, "general"). Part of a decoder,
/// not a layer of a network by itself.
///
/// U = units. Row n has t_n steps of the decoder, which lie together, and s_n states of the text it
/// looks at. P = steps of all rows, S = steps the encoder has room for.
///   joined [P, 2U]: on the way in h, the states of the decoder, in the second half of each row
///   q = h W_a^T;  of each row  A = softmax(q E^T),  c = A E, into the first half;
///   y [P, U] = tanh([c; h] W_c^T)
///   dE = A^T dc + dS^T q,  dq = dS E,  dS = softmax'(A, dc E^T)
/// A row whose text is empty has c = 0. Storage of the weights: transposed, [U, U] and [2U, U].

#include <span>
#include <vector>

#include "layers/layer.hpp"

namespace lockstep::layers {

/// Where the steps of a row lie, and the states it looks at.
struct AttendingRow {
  std::size_t first, steps;          ///< among the P steps
  std::size_t source, source_steps;  ///< row of the encoder, and how many states it has
};

struct AttentionPass {
  std::span<const AttendingRow> rows;
  std::size_t steps = 0;              ///< P
  const float* encoded = nullptr;     ///< [.., S, U]
  const float* parameters = nullptr;  ///< in storage order
  float* joined = nullptr;            ///< [P, 2U], kept until backward
  float* y = nullptr;                 ///< [P, U], kept until backward
  float* workspace = nullptr;         ///< from forward to backward
  float* scratch = nullptr;
};

struct AttentionGradients {
  float* dy;          ///< [P, U]; destroyed
  float* dh;          ///< [P, U] written
  float* dencoded;    ///< like encoded, added to
  float* parameters;  ///< written, in storage order
};

class CrossAttention {
 public:
  /// Room for `positions` steps of the decoder, all rows together.
  CrossAttention(std::size_t units, std::size_t positions, std::size_t source_steps);

  const std::vector<ParameterInfo>& parameters() const noexcept { return parameters_; }
  std::size_t parameter_floats() const noexcept { return parameter_floats_; }
  std::size_t workspace_floats() const noexcept { return workspace_floats_; }
  std::size_t scratch_floats() const noexcept { return scratch_floats_; }
  double flops_of_step() const noexcept;

  void forward(const AttentionPass& pass) const;
  void backward(const AttentionPass& pass, const AttentionGradients& gradients) const;

 private:
  void attend(const AttentionPass& pass, const AttendingRow& row) const;
  void attend_backward(const AttentionPass& pass, const AttendingRow& row, const float* djoined,
                       float* dq, float* dencoded) const;

  std::size_t units_, source_steps_;
  std::vector<ParameterInfo> parameters_;
  std::size_t combine_at_ = 0, parameter_floats_ = 0;
  std::size_t probabilities_at_ = 0, workspace_floats_ = 0;     // q comes first
  std::size_t dq_at_ = 0, scores_at_ = 0, scratch_floats_ = 0;  // djoined comes first
};

}  // namespace lockstep::layers
