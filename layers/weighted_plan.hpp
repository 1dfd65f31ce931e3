#pragma once
/// What conv2d and dense hand to their base. Includes oneDNN: only sources include this.

#include <optional>
#include <vector>

#include "layers/activation_kernel.hpp"
#include "layers/onednn/factory.hpp"
#include "layers/weighted.hpp"

namespace lockstep::layers {

struct Weighted::Plan {
  onednn::Desc input;        ///< layout of x and dx as the neighbours have it
  onednn::Desc source;       ///< layout of x as forward and backward-weights read it
  onednn::Desc diff_source;  ///< layout of dx as backward-data writes it
  onednn::Desc diff_output;  ///< layout of dz as both backward passes read it
  onednn::Desc plain_weight;
  dnnl::primitive_desc_base forward, backward_weights;
  std::optional<dnnl::primitive_desc_base> backward_data;  ///< none: nobody wants dx
  bool bias = true;
  proto::Activation activation = proto::NONE;
  bool fused = false;  ///< the activation is part of the forward primitive
  onednn::Desc output;
  ParameterInfo weight;        ///< storage is filled in by compile()
  std::int64_t bias_size = 0;  ///< 0: the first dimension of the weight
};

/// Of the factors of a layer's products; what they sum to is f32.
inline onednn::Type factor_type(const Build& build) {
  return in_bf16(build) ? onednn::Type::bf16 : onednn::Type::f32;
}

/// Whether `activation` can be part of the forward primitive in training: its derivative follows
/// from y.
inline bool fusable(proto::Activation activation) {
  if (activation == proto::NONE || is_softmax(activation)) return false;
  const auto eltwise = onednn::eltwise_of(activation, default_alpha(activation));
  return eltwise.algorithm != eltwise.backward_from_output;
}

/// The attributes of a forward primitive, with the activation if it can be fused.
inline dnnl::primitive_attr forward_attributes(proto::Activation activation) {
  if (!fusable(activation)) return onednn::user_scratchpad();
  return onednn::fused(onednn::eltwise_of(activation, default_alpha(activation)));
}

}  // namespace lockstep::layers
