/// Products of sparse rows (core/products.hpp). Absent entries are passed over: they would add
/// zeros, which change no sum.

#include <algorithm>

#include "core/buffer.hpp"
#include "core/error.hpp"
#include "core/products.hpp"
#include "core/simd.hpp"

namespace lockstep {
namespace {

void check(const SparseRows& x) {
  expects(
      !x.begin.empty() && x.begin.back() <= x.indices.size() && x.indices.size() == x.values.size(),
      "a product of sparse rows: begin [n + 1], indices and values up to its last number");
}

std::size_t entries(const SparseRows& x) { return x.begin.back() - x.begin.front(); }

// Whether W' or S' beside W or S is worth its copies: with it an entry finds its k numbers in one
// place. Only speed depends on it.
bool transposes(const SparseRows& x, std::size_t k) { return k > 1 && entries(x) / 4 >= x.width; }

// to [columns, rows] = from' [rows, columns]
void transpose(const double* from, std::size_t rows, std::size_t columns, double* to) {
  constexpr std::size_t kBlock = 16;
  for (std::size_t from_row = 0; from_row < rows; from_row += kBlock)
    for (std::size_t j = 0; j < columns; ++j)
      for (std::size_t c = from_row; c < std::min(rows, from_row + kBlock); ++c)
        to[j * rows + c] = from[c * columns + j];
}

// sums[c] += value numbers[c]
LOCKSTEP_INLINE inline void add_scaled(double value, const double* numbers, std::size_t k,
                                       double* sums) {
  LOCKSTEP_INDEPENDENT
  for (std::size_t c = 0; c < k; ++c) sums[c] += value * numbers[c];
}

// s += factor times a row.
void add_row(const SparseRows& x, std::size_t row, double factor, double* s) {
  for (std::size_t e = x.begin[row]; e < x.begin[row + 1]; ++e)
    s[x.indices[e]] += factor * x.values[e];
}

double dot(const SparseRows& x, std::size_t row, const double* w) {
  double sum = 0;
  for (std::size_t e = x.begin[row]; e < x.begin[row + 1]; ++e)
    sum += x.values[e] * w[x.indices[e]];
  return sum;
}

// Z = X W' from the transposed W [d, k].
LOCKSTEP_SIMD void multiply_transposed(const SparseRows& x, const double* w, std::size_t k,
                                       double* z) {
  for (std::size_t i = 0; i < x.rows(); ++i) {
    double* sums = z + i * k;
    std::fill_n(sums, k, 0.0);
    for (std::size_t e = x.begin[i]; e < x.begin[i + 1]; ++e)
      add_scaled(x.values[e], w + x.indices[e] * k, k, sums);
  }
}

// S' += X'R for S' [d, k].
LOCKSTEP_SIMD void add_to_transposed(const SparseRows& x, const double* r, std::size_t k,
                                     double* s) {
  for (std::size_t i = 0; i < x.rows(); ++i)
    for (std::size_t e = x.begin[i]; e < x.begin[i + 1]; ++e)
      add_scaled(x.values[e], r + i * k, k, s + x.indices[e] * k);
}

}  // namespace

void multiply(const SparseRows& x, std::span<const double> w, std::span<const double> bias,
              std::size_t k, std::span<double> z) {
  check(x);
  const std::size_t n = x.rows(), d = x.width;
  expects(w.size() == k * d && z.size() == n * k && (bias.empty() || bias.size() == k),
          "multiply: X [n, d], W [k, d], Z [n, k] and b [k] or empty");
  if (transposes(x, k)) {
    Buffer<double> transposed(w.size());
    transpose(w.data(), k, d, transposed.data());
    multiply_transposed(x, transposed.data(), k, z.data());
  } else {
    for (std::size_t c = 0; c < k; ++c)
      for (std::size_t i = 0; i < n; ++i) z[i * k + c] = dot(x, i, w.data() + c * d);
  }
  if (bias.empty()) return;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < k; ++c) z[i * k + c] += bias[c];
}

void add_transposed(const SparseRows& x, std::span<const double> r, std::size_t k,
                    std::span<double> s) {
  check(x);
  const std::size_t n = x.rows(), d = x.width;
  expects(r.size() == n * k && s.size() == k * d, "add_transposed: X [n, d], R [n, k], S [k, d]");
  if (transposes(x, k)) {
    Buffer<double> transposed(s.size());
    transpose(s.data(), k, d, transposed.data());
    add_to_transposed(x, r.data(), k, transposed.data());
    transpose(transposed.data(), d, k, s.data());
    return;
  }
  for (std::size_t c = 0; c < k; ++c)
    for (std::size_t i = 0; i < n; ++i) add_row(x, i, r[i * k + c], s.data() + c * d);
}

void add_gram(const SparseRows& x, std::span<const double> weights, std::span<double> gram) {
  check(x);
  const std::size_t n = x.rows(), d = x.width;
  expects(gram.size() == d * d && (weights.empty() || weights.size() == n),
          "add_gram: X [n, d], G [d, d] and weights [n] or empty");
  for (std::size_t i = 0; i < n; ++i) {
    const double weight = weights.empty() ? 1.0 : weights[i];
    for (std::size_t a = x.begin[i]; a < x.begin[i + 1]; ++a) {
      const double left = weight * x.values[a];
      double* row = gram.data() + x.indices[a] * d;
      for (std::size_t b = a; b < x.begin[i + 1]; ++b) row[x.indices[b]] += left * x.values[b];
    }
  }
}

}  // namespace lockstep
