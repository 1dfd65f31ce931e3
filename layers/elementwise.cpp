#include "layers/elementwise.hpp"

#include "core/simd.hpp"

namespace lockstep::layers {

LOCKSTEP_SIMD void add(const float* a, const float* b, float* sum, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sum[i] = a[i] + b[i];
}

LOCKSTEP_SIMD void multiply(const float* a, const float* b, float* product, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) product[i] = a[i] * b[i];
}

LOCKSTEP_SIMD void add_column_sums(const float* rows, std::size_t count, std::size_t width,
                                   double* sums) {
  for (std::size_t i = 0; i < count; ++i) {
    const float* row = rows + i * width;
    for (std::size_t j = 0; j < width; ++j) sums[j] += static_cast<double>(row[j]);
  }
}

}  // namespace lockstep::layers
