#include "layers/onednn/batched_product.hpp"

#include "layers/onednn/factory.hpp"

namespace lockstep::layers::onednn {
namespace {

Desc matrices(std::size_t count, std::size_t rows, std::size_t columns, std::size_t stride,
              bool transposed) {
  const auto dim = [](std::size_t n) { return static_cast<dnnl::memory::dim>(n); };
  return Desc(
      {dim(count), dim(rows), dim(columns)}, dnnl::memory::data_type::f32,
      dnnl::memory::dims{dim(stride), transposed ? 1 : dim(columns), transposed ? dim(rows) : 1});
}

}  // namespace

BatchedProduct::BatchedProduct(const BatchedSize& size, bool compiled) : size_(size) {
  if (!compiled) return;
  const auto [m, n, k] = size.size;
  dnnl::primitive_attr attr = user_scratchpad();
  if (size.add) {
    dnnl::post_ops sum;
    sum.append_sum(1.0f);
    attr.set_post_ops(sum);
  }
  primitive_ = Primitive(matmul(matrices(size.count, m, k, size.a_stride, size.a_transposed),
                                matrices(size.count, k, n, size.b_stride, size.b_transposed),
                                matrices(size.count, m, n, size.c_stride, false), attr));
}

void BatchedProduct::run(const float* a, const float* b, float* c, float* scratch) const {
  if (primitive_) {
    primitive_.run({{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}}, scratch);
    return;
  }
  const auto [m, n, k] = size_.size;
  for (std::size_t i = 0; i < size_.count; ++i) {
    multiply(size_.size, {a + i * size_.a_stride, size_.a_transposed ? m : k, size_.a_transposed},
             {b + i * size_.b_stride, size_.b_transposed ? k : n, size_.b_transposed},
             {c + i * size_.c_stride, n, size_.add});
  }
}

}  // namespace lockstep::layers::onednn
