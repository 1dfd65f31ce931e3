#include "layers/onednn/product.hpp"

#include <chrono>
#include <string>

#include "core/error.hpp"
#include "layers/onednn/engine.hpp"
#include "layers/onednn/product_bf16.hpp"

namespace lockstep::layers::onednn {
namespace {

dnnl_dim_t dim(std::size_t n) { return static_cast<dnnl_dim_t>(n); }

void multiply_f32(const ProductSize& size, const Factor& a, const Factor& b, const Target& c) {
  expects(!a.rounded && !b.rounded, "a product in f32 has factors in f32");
  const auto start = std::chrono::steady_clock::now();
  const auto status = dnnl_sgemm(a.transposed ? 'T' : 'N', b.transposed ? 'T' : 'N', dim(size.m),
                                 dim(size.n), dim(size.k), 1.0f, static_cast<const float*>(a.data),
                                 dim(a.stride), static_cast<const float*>(b.data), dim(b.stride),
                                 c.add ? 1.0f : 0.0f, c.data, dim(c.stride));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  add_primitive_seconds(took.count());
  if (status != dnnl_success)
    throw InternalError("oneDNN could not multiply: status " + std::to_string(status));
}

}  // namespace

Factor Factor::from(std::size_t row, std::size_t column) const {
  const std::size_t offset = row * stride + column;
  if (rounded) return {static_cast<const Bf16*>(data) + offset, stride, transposed};
  return {static_cast<const float*>(data) + offset, stride, transposed};
}

void multiply(const ProductSize& size, const Factor& a, const Factor& b, const Target& c,
              proto::Precision precision) {
  if (size.m == 0 || size.n == 0) return;
  expects(size.k > 0, "a product sums over something");
  if (precision == proto::BF16) {
    multiply_bf16(size, a, b, c);
  } else {
    multiply_f32(size, a, b, c);
  }
}

}  // namespace lockstep::layers::onednn
