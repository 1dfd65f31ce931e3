#include "layers/softmax.hpp"

#include <algorithm>

#include "core/float_math.hpp"
#include "core/math.hpp"
#include "core/simd.hpp"

namespace lockstep::layers {
namespace {

LOCKSTEP_SIMD double sum_exp(const float* x, std::size_t n, float max) {
  constexpr std::size_t kParts = 16;  // interleaved sums: they vectorise without reassociation
  double parts[kParts] = {};
  std::size_t i = 0;
  for (; i + kParts <= n; i += kParts) {
    for (std::size_t k = 0; k < kParts; ++k)
      parts[k] += static_cast<double>(float_exp(x[i + k] - max));
  }
  for (std::size_t k = 0; i < n; ++i, ++k) parts[k] += static_cast<double>(float_exp(x[i] - max));
  double sum = 0;
  for (const double part : parts) sum += part;
  return sum;
}

}  // namespace

double log_sum_exp(const float* x, std::size_t n) {
  const float max = *std::max_element(x, x + n);
  return static_cast<double>(max) + log_exact(sum_exp(x, n, max));
}

void softmax(const float* x, float* y, std::size_t rows, std::size_t columns) {
  for (std::size_t n = 0; n < rows; ++n, x += columns, y += columns) {
    const double max = *std::max_element(x, x + columns);
    double sum = 0;
    for (std::size_t k = 0; k < columns; ++k) sum += exp_exact(x[k] - max);
    for (std::size_t k = 0; k < columns; ++k)
      y[k] = static_cast<float>(exp_exact(x[k] - max) / sum);
  }
}

void log_softmax(const float* x, float* y, std::size_t rows, std::size_t columns) {
  for (std::size_t n = 0; n < rows; ++n, x += columns, y += columns) {
    const double max = *std::max_element(x, x + columns);
    double sum = 0;
    for (std::size_t k = 0; k < columns; ++k) sum += exp_exact(x[k] - max);
    const double shift = max + log_exact(sum);
    for (std::size_t k = 0; k < columns; ++k) y[k] = static_cast<float>(x[k] - shift);
  }
}

void softmax_backward(const float* y, const float* dy, float* dx, std::size_t rows,
                      std::size_t columns) {
  for (std::size_t n = 0; n < rows; ++n, y += columns, dy += columns, dx += columns) {
    double dot = 0;
    for (std::size_t k = 0; k < columns; ++k) dot += static_cast<double>(dy[k]) * y[k];
    for (std::size_t k = 0; k < columns; ++k) dx[k] = static_cast<float>(y[k] * (dy[k] - dot));
  }
}

void log_softmax_backward(const float* y, const float* dy, float* dx, std::size_t rows,
                          std::size_t columns) {
  for (std::size_t n = 0; n < rows; ++n, y += columns, dy += columns, dx += columns) {
    double sum = 0;
    for (std::size_t k = 0; k < columns; ++k) sum += dy[k];
    for (std::size_t k = 0; k < columns; ++k) {
      dx[k] = static_cast<float>(dy[k] - exp_exact(y[k]) * sum);
    }
  }
}

}  // namespace lockstep::layers
