#pragma once
/// Multi-head scaled dot-product attention of a sequence to itself (Vaswani 2017). N = rows of the
/// lane, T = steps, F = features, h heads of d numbers, E = h d.
///   x, y [N, T, F]   in_proj_weight [3E, F], in_proj_bias [3E]: queries, keys, values
///   out_proj.weight [F, E], out_proj.bias [F]
///   q, k, v = x W_in^T + b_in;  for each head: P = softmax(q k^T / sqrt(d)) over the row's own
///   steps (causal: up to its own), c = P v;  y = [c of all heads] W_out^T + b_out dv = P^T dc,  dP
///   = dc v^T,  dS = softmax'(P, dP),  dq = dS k / sqrt(d),  dk = dS^T q / sqrt(d)
/// Storage of the weights: transposed, [F, 3E] and [E, F], the right factors of the products.

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class Attention final : public Layer {
 public:
  /// @throws ConfigError if the input is no sequence, or the heads do not divide its features where
  /// key_size is not given.
  Attention(const proto::Attention& config, const TensorSpec& input, const Build& build);
  void to_plain(std::size_t index, const float* storage, float* plain) const override;
  void from_plain(std::size_t index, const float* plain, float* storage) const override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  /// One head of one row: where its numbers lie in q, k, v (or their gradients), contexts and
  /// probabilities.
  struct Head {
    std::size_t length;  // steps
    std::size_t projected, context, probabilities;
  };
  Head head_of(const Lane& lane, std::size_t row, std::size_t head) const;
  void place_parameters(std::size_t features);
  void attend(const Lane& lane, const Head& head, float* scratch) const;
  void attend_backward(const Lane& lane, const Head& head, const float* dcontext,
                       float* dprojected) const;
  std::size_t offset_of(std::size_t parameter) const;
  bool is_weight(std::size_t parameter) const { return !bias_ || parameter % 2 == 0; }

  std::size_t rows_, steps_, features_, heads_, size_, width_;  // size_: d, width_: E
  bool causal_, bias_;
  std::size_t projected_at_ = 0, context_at_ = 0, probabilities_at_ = 0;  // in the workspace
  std::size_t dprojected_at_ = 0, dcontext_at_ = 0, scores_at_ = 0;       // in the scratch memory
};

}  // namespace lockstep::layers
