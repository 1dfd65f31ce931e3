#include "layers/activation_kernel.hpp"

#include <algorithm>

#include "layers/softmax.hpp"

namespace lockstep::layers {
namespace {

std::size_t columns_of(const dnnl::memory::dims& dims) {
  std::size_t product = 1;
  for (std::size_t i = 1; i < dims.size(); ++i) product *= static_cast<std::size_t>(dims[i]);
  return product;
}

}  // namespace

double default_alpha(proto::Activation kind) {
  if (kind == proto::LEAKY_RELU) return 0.01;
  return kind == proto::ELU ? 1.0 : 0.0;
}

ActivationKernel::ActivationKernel(proto::Activation kind, double alpha, const onednn::Desc& desc)
    : kind_(kind) {
  if (kind == proto::NONE) return;
  if (is_softmax(kind)) {
    rows_ = static_cast<std::size_t>(onednn::dims_of(desc)[0]);
    columns_ = columns_of(onednn::dims_of(desc));
    return;
  }
  const auto eltwise = onednn::eltwise_of(kind, alpha);
  needs_input_ = eltwise.algorithm == eltwise.backward_from_output;
  const auto forward = onednn::eltwise_forward(eltwise.algorithm, desc, eltwise.alpha);
  const auto hint = onednn::eltwise_forward(eltwise.backward_from_output, desc, eltwise.alpha);
  forward_ = onednn::Primitive(forward);
  backward_ = onednn::Primitive(
      onednn::eltwise_backward(eltwise.backward_from_output, desc, eltwise.alpha, hint));
}

std::size_t ActivationKernel::scratch_floats() const {
  if (!forward_) return 0;
  return std::max(forward_.scratch_floats(), backward_.scratch_floats());
}

void ActivationKernel::forward(const float* x, float* y, float* scratch) const {
  if (kind_ == proto::SOFTMAX) return softmax(x, y, rows_, columns_);
  if (kind_ == proto::LOG_SOFTMAX) return log_softmax(x, y, rows_, columns_);
  forward_.run({{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}}, scratch);
}

void ActivationKernel::backward(const float* value, const float* dy, float* dx,
                                float* scratch) const {
  if (kind_ == proto::SOFTMAX) return softmax_backward(value, dy, dx, rows_, columns_);
  if (kind_ == proto::LOG_SOFTMAX) return log_softmax_backward(value, dy, dx, rows_, columns_);
  const int id = needs_input_ ? DNNL_ARG_SRC : DNNL_ARG_DST;
  backward_.run({{id, value}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, dx}}, scratch);
}

}  // namespace lockstep::layers
