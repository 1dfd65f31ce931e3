/// The products that are sums over rows, R'X and X'X, of dense rows (core/products.hpp).

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "core/buffer.hpp"
#include "core/error.hpp"
#include "core/product_tile.hpp"
#include "core/products.hpp"
#include "core/simd.hpp"

namespace lockstep {
namespace {

using detail::columns_at;
using detail::kTileColumns;
using detail::kTileRows;
using detail::panels_of;
using detail::tile_height;

constexpr std::size_t kGramRows = 192;  // rows of X that a pass of X'X takes

// Rows of X that a pass of R'X takes: their panels stay in the cache.
std::size_t transposed_rows(std::size_t d) {
  return std::clamp<std::size_t>((std::size_t{1} << 16) / std::max<std::size_t>(d, 1), 32, 256);
}

// `rows` rows at x as doubles, in panels of `rows` rows one after the other; the last is padded
// with zeros.
template <typename T>
LOCKSTEP_SIMD void pack_panels(const T* x, std::size_t width, std::size_t rows, double* panels) {
  const std::size_t full = width - width % kTileColumns;
  for (std::size_t i = 0; i < rows; ++i, x += width) {
    double* to = panels + i * kTileColumns;
    for (std::size_t from = 0; from < full; from += kTileColumns, to += rows * kTileColumns) {
      if constexpr (std::is_same_v<T, double>) {
        std::memcpy(to, x + from, kTileColumns * sizeof(double));
      } else {
        LOCKSTEP_INDEPENDENT
        for (std::size_t j = 0; j < kTileColumns; ++j) to[j] = static_cast<double>(x[from + j]);
      }
    }
    if (full == width) continue;
    for (std::size_t j = 0; j < kTileColumns; ++j)
      to[j] = full + j < width ? static_cast<double>(x[full + j]) : 0;
  }
}

// s += sum of r[i] x[i] for k = 1: eight rows at a time, since s is read and written each time.
template <typename T>
LOCKSTEP_SIMD void add_transposed_one(const T* x, std::size_t n, std::size_t d, const double* r,
                                      double* s) {
  constexpr std::size_t kRows = 8;
  std::size_t i = 0;
  for (; i + kRows <= n; i += kRows) {
    const T* rows = x + i * d;
    const double* factors = r + i;
    LOCKSTEP_INDEPENDENT
    for (std::size_t j = 0; j < d; ++j) {
      double sum = s[j];
#pragma GCC unroll 8
      for (std::size_t q = 0; q < kRows; ++q)
        sum += factors[q] * static_cast<double>(rows[q * d + j]);
      s[j] = sum;
    }
  }
  for (; i < n; ++i) {
    LOCKSTEP_INDEPENDENT
    for (std::size_t j = 0; j < d; ++j) s[j] += r[i] * static_cast<double>(x[i * d + j]);
  }
}

// The left factor of a row of tiles of X'X: kTileRows columns of a panel, each row times its
// weight.
LOCKSTEP_SIMD void scale_columns(const double* panel, std::size_t rows, const double* weights,
                                 double* scaled) {
  for (std::size_t i = 0; i < rows; ++i, panel += kTileColumns, scaled += kTileRows) {
    const double weight = weights[i];
    LOCKSTEP_INDEPENDENT
    for (std::size_t j = 0; j < kTileRows; ++j) scaled[j] = weight * panel[j];
  }
}

// A tile of X'X whose diagonal is that of G: all of it is added up aside, and the part from the
// diagonal on taken.
void add_diagonal_tile(detail::Tile tile) {
  alignas(64) double aside[kTileRows * kTileColumns] = {};
  double* const to = tile.c;
  const std::size_t to_row = tile.c_row, rows = std::min(tile.rows, tile.columns);
  for (std::size_t a = 0; a < rows; ++a)
    std::copy_n(to + a * to_row + a, tile.columns - a, aside + a * kTileColumns + a);
  tile.c = aside;
  tile.c_row = kTileColumns;
  detail::add_tile(tile);
  for (std::size_t a = 0; a < rows; ++a)
    std::copy_n(aside + a * kTileColumns + a, tile.columns - a, to + a * to_row + a);
}

// The upper triangle of G += X' diag(weights) X for the rows that `panels` hold.
void add_gram_block(const double* panels, std::size_t rows, std::size_t d, const double* weights,
                    double* gram) {
  alignas(64) double scaled[kGramRows * kTileRows];
  for (std::size_t a = 0; a < d; a += kTileRows) {
    const std::size_t into = a % kTileColumns;  // where the diagonal enters its panel
    const double* left = panels + (a - into) * rows + into;
    detail::Tile tile{.a = left, .a_row = 1, .a_step = kTileColumns, .c_row = d, .depth = rows};
    tile.rows = std::min(kTileRows, d - a);
    if (weights) {
      scale_columns(left, rows, weights, scaled);
      tile.a = scaled;
      tile.a_step = kTileRows;
    }
    for (std::size_t b = a; b < d; b += tile.columns) {
      tile.b = panels + (b - b % kTileColumns) * rows + b % kTileColumns;
      tile.c = gram + a * d + b;
      tile.columns = std::min(kTileColumns - b % kTileColumns, d - b);
      b == a ? add_diagonal_tile(tile) : detail::add_tile(tile);
    }
  }
}

}  // namespace

template <typename T>
void add_transposed(const DenseRows<T>& x, std::span<const double> r, std::size_t k,
                    std::span<double> s) {
  const std::size_t n = x.rows, d = x.width;
  expects(x.values.size() == n * d && r.size() == n * k && s.size() == k * d,
          "add_transposed: X [n, d], R [n, k], S [k, d]");
  if (k == 1) return add_transposed_one(x.values.data(), n, d, r.data(), s.data());
  const std::size_t block = transposed_rows(d), height = tile_height(k);
  Buffer<double> panels(panels_of(d) * kTileColumns * std::min(n, block));
  for (std::size_t i = 0; i < n; i += block) {
    const std::size_t rows = std::min(block, n - i);
    pack_panels(x.values.data() + i * d, d, rows, panels.data());
    for (std::size_t j = 0; j < d; j += kTileColumns) {
      const std::size_t columns = columns_at(j, d);
      for (std::size_t c = 0; c < k; c += height)
        detail::add_tile({.a = r.data() + i * k + c,
                          .a_row = 1,
                          .a_step = k,
                          .b = panels.data() + j * rows,
                          .c = s.data() + c * d + j,
                          .c_row = d,
                          .rows = std::min(height, k - c),
                          .columns = columns,
                          .depth = rows});
    }
  }
}

template <typename T>
void add_gram(const DenseRows<T>& x, std::span<const double> weights, std::span<double> gram) {
  const std::size_t n = x.rows, d = x.width;
  expects(
      x.values.size() == n * d && gram.size() == d * d && (weights.empty() || weights.size() == n),
      "add_gram: X [n, d], G [d, d] and weights [n] or empty");
  Buffer<double> panels(panels_of(d) * kTileColumns * std::min(n, kGramRows));
  for (std::size_t i = 0; i < n; i += kGramRows) {
    const std::size_t rows = std::min(kGramRows, n - i);
    pack_panels(x.values.data() + i * d, d, rows, panels.data());
    add_gram_block(panels.data(), rows, d, weights.empty() ? nullptr : weights.data() + i,
                   gram.data());
  }
}

template void add_transposed(const DenseRows<double>&, std::span<const double>, std::size_t,
                             std::span<double>);
template void add_transposed(const DenseRows<float>&, std::span<const double>, std::size_t,
                             std::span<double>);
template void add_gram(const DenseRows<double>&, std::span<const double>, std::span<double>);
template void add_gram(const DenseRows<float>&, std::span<const double>, std::span<double>);

}  // namespace lockstep
