#include "layers/onednn/sgemm.hpp"

#include <chrono>
#include <string>

#include "core/error.hpp"
#include "layers/onednn/engine.hpp"

namespace lockstep::layers::onednn {
namespace {

dnnl_dim_t dim(std::size_t n) { return static_cast<dnnl_dim_t>(n); }

}  // namespace

void multiply(const ProductSize& size, const Factor& a, const Factor& b, const Target& c) {
  if (size.m == 0 || size.n == 0) return;
  expects(size.k > 0, "a product sums over something");
  const auto start = std::chrono::steady_clock::now();
  const auto status = dnnl_sgemm(a.transposed ? 'T' : 'N', b.transposed ? 'T' : 'N', dim(size.m),
                                 dim(size.n), dim(size.k), 1.0f, a.data, dim(a.stride), b.data,
                                 dim(b.stride), c.add ? 1.0f : 0.0f, c.data, dim(c.stride));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  add_primitive_seconds(took.count());
  if (status != dnnl_success)
    throw InternalError("oneDNN could not multiply: status " + std::to_string(status));
}

}  // namespace lockstep::layers::onednn
