#include "layers/onednn/factory.hpp"

#include "core/error.hpp"

namespace lockstep::layers::onednn {

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

Eltwise eltwise_of(proto::Activation activation, double alpha) {
  using A = dnnl::algorithm;
  const auto slope = static_cast<float>(alpha);
  switch (activation) {
    case proto::RELU:
      return {A::eltwise_relu, A::eltwise_relu_use_dst_for_bwd, 0};
    case proto::LEAKY_RELU:  // a negative slope cannot be told from the output
      return {A::eltwise_relu, slope < 0 ? A::eltwise_relu : A::eltwise_relu_use_dst_for_bwd,
              slope};
    case proto::ELU:
      return {A::eltwise_elu, slope < 0 ? A::eltwise_elu : A::eltwise_elu_use_dst_for_bwd, slope};
    case proto::GELU:
      return {A::eltwise_gelu_erf, A::eltwise_gelu_erf, 0};
    case proto::SIGMOID:
      return {A::eltwise_logistic, A::eltwise_logistic_use_dst_for_bwd, 0};
    case proto::TANH:
      return {A::eltwise_tanh, A::eltwise_tanh_use_dst_for_bwd, 0};
    case proto::NONE:
    case proto::SOFTMAX:
    case proto::LOG_SOFTMAX:
      break;
  }
  throw InternalError("not an element-wise activation");
}

}  // namespace lockstep::layers::onednn
