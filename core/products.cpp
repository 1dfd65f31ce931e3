#include "core/products.hpp"

#include <algorithm>

#include "core/buffer.hpp"
#include "core/error.hpp"
#include "core/product_tile.hpp"
#include "core/simd.hpp"

namespace lockstep {
namespace {

using detail::kTileColumns;
using detail::kTileRows;

constexpr std::size_t kBlockRows = 128;   // rows of X that a pass of X'X or R'X takes
constexpr std::size_t kBlockDepth = 256;  // columns of X that a pass of X W' takes

std::size_t panels_of(std::size_t columns) { return (columns + kTileColumns - 1) / kTileColumns; }

// Columns of tile that starts at `from`, out of `all`.
std::size_t columns_at(std::size_t from, std::size_t all) {
  return std::min(kTileColumns, all - from);
}

// Height of the tiles that `rows` are cut into: as equal as can be, since a low tile is slow.
std::size_t tile_height(std::size_t rows) {
  const std::size_t tiles = (rows + kTileRows - 1) / kTileRows;
  return tiles == 0 ? 1 : (rows + tiles - 1) / tiles;
}

// Columns [from, from + columns) of `rows` rows at x as a panel, padded with zeros.
template <typename T>
LOCKSTEP_SIMD void pack_columns(const T* x, std::size_t width, std::size_t rows, std::size_t from,
                                std::size_t columns, double* panel) {
  for (std::size_t i = 0; i < rows; ++i, panel += kTileColumns) {
    const T* row = x + i * width + from;
    if (columns == kTileColumns) {
      for (std::size_t j = 0; j < kTileColumns; ++j) panel[j] = static_cast<double>(row[j]);
    } else {
      for (std::size_t j = 0; j < columns; ++j) panel[j] = static_cast<double>(row[j]);
      for (std::size_t j = columns; j < kTileColumns; ++j) panel[j] = 0;
    }
  }
}

// `rows` rows at x as panels of columns, one after the other, each of kBlockRows rows.
template <typename T>
void pack_panels(const T* x, std::size_t width, std::size_t rows, double* panels) {
  for (std::size_t j = 0; j < width; j += kTileColumns)
    pack_columns(x, width, rows, j, columns_at(j, width), panels + j * kBlockRows);
}

// Columns [from, from + depth) of W [k, d] as panels of W', each of kBlockDepth rows.
void pack_weights(const double* w, std::size_t k, std::size_t d, std::size_t from,
                  std::size_t depth, double* panels) {
  for (std::size_t c = 0; c < k; ++c) {
    double* panel = panels + c / kTileColumns * kTileColumns * kBlockDepth + c % kTileColumns;
    for (std::size_t p = 0; p < depth; ++p) panel[p * kTileColumns] = w[c * d + from + p];
  }
}

// Rows of X as doubles for one tile: in place, or a float's converted into `scratch`.
struct TileInput {
  const double* values;
  std::size_t row;  // distance of rows
};
TileInput as_doubles(const double* x, std::size_t d, std::size_t, std::size_t, double*) {
  return {x, d};
}
TileInput as_doubles(const float* x, std::size_t d, std::size_t rows, std::size_t depth,
                     double* scratch) {
  for (std::size_t i = 0; i < rows; ++i) {
    const float* row = x + i * d;
    std::transform(row, row + depth, scratch + i * kBlockDepth,
                   [](float value) { return static_cast<double>(value); });
  }
  return {scratch, kBlockDepth};
}

// Z += X W' over columns [from, from + depth) of X; `panels` are those of W'.
template <typename T>
void add_depth(const DenseRows<T>& x, std::size_t from, std::size_t depth, const double* panels,
               std::size_t k, double* scratch, double* z) {
  const std::size_t height = tile_height(x.rows);
  for (std::size_t i = 0; i < x.rows; i += height) {
    const std::size_t rows = std::min(height, x.rows - i);
    const TileInput input =
        as_doubles(x.values.data() + i * x.width + from, x.width, rows, depth, scratch);
    for (std::size_t c = 0; c < k; c += kTileColumns)
      detail::add_tile({.a = input.values,
                        .a_row = input.row,
                        .a_step = 1,
                        .b = panels + c * kBlockDepth,
                        .c = z + i * k + c,
                        .c_row = k,
                        .rows = rows,
                        .columns = columns_at(c, k),
                        .depth = depth});
  }
}

// z[i] = x[i] . w: eight rows at a time, so that eight chains of sums are under way.
template <typename T>
LOCKSTEP_SIMD void multiply_one(const T* x, std::size_t n, std::size_t d, const double* w,
                                double* z) {
  constexpr std::size_t kRows = 8;
  std::size_t i = 0;
  for (; i + kRows <= n; i += kRows) {
    const T* rows = x + i * d;
    double sums[kRows] = {};
    for (std::size_t j = 0; j < d; ++j)
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kRows; ++r)
        sums[r] += static_cast<double>(rows[r * d + j]) * w[j];
    for (std::size_t r = 0; r < kRows; ++r) z[i + r] = sums[r];
  }
  for (; i < n; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < d; ++j) sum += static_cast<double>(x[i * d + j]) * w[j];
    z[i] = sum;
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

// The left factor of a tile of X'X: `columns` columns of a panel, each row times its weight.
LOCKSTEP_SIMD void scale_columns(const double* panel, std::size_t rows, const double* weights,
                                 double* scaled) {
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < kTileRows; ++j)
      scaled[i * kTileRows + j] =
          weights ? weights[i] * panel[i * kTileColumns + j] : panel[i * kTileColumns + j];
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
  alignas(64) double scaled[kBlockRows * kTileRows];
  for (std::size_t a = 0; a < d; a += kTileRows) {
    const std::size_t into = a % kTileColumns;  // where the diagonal enters its panel
    scale_columns(panels + (a - into) * kBlockRows + into, rows, weights, scaled);
    detail::Tile tile{.a = scaled, .a_row = 1, .a_step = kTileRows, .c_row = d, .depth = rows};
    tile.rows = std::min(kTileRows, d - a);
    for (std::size_t b = a; b < d; b += tile.columns) {
      tile.b = panels + (b - b % kTileColumns) * kBlockRows + b % kTileColumns;
      tile.c = gram + a * d + b;
      tile.columns = std::min(kTileColumns - b % kTileColumns, d - b);
      b == a ? add_diagonal_tile(tile) : detail::add_tile(tile);
    }
  }
}

}  // namespace

template <typename T>
void multiply(const DenseRows<T>& x, std::span<const double> w, std::span<const double> bias,
              std::size_t k, std::span<double> z) {
  const std::size_t n = x.rows, d = x.width;
  expects(x.values.size() == n * d && w.size() == k * d && z.size() == n * k &&
              (bias.empty() || bias.size() == k),
          "multiply: X [n, d], W [k, d], Z [n, k] and b [k] or empty");
  if (k == 1) {
    multiply_one(x.values.data(), n, d, w.data(), z.data());
  } else {
    std::fill(z.begin(), z.end(), 0.0);
    Buffer<double> panels(panels_of(k) * kTileColumns * kBlockDepth);
    Buffer<double> scratch(kTileRows * kBlockDepth);
    for (std::size_t from = 0; from < d; from += kBlockDepth) {
      const std::size_t depth = std::min(kBlockDepth, d - from);
      pack_weights(w.data(), k, d, from, depth, panels.data());
      add_depth(x, from, depth, panels.data(), k, scratch.data(), z.data());
    }
  }
  if (bias.empty()) return;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < k; ++c) z[i * k + c] += bias[c];
}

template <typename T>
void add_transposed(const DenseRows<T>& x, std::span<const double> r, std::size_t k,
                    std::span<double> s) {
  const std::size_t n = x.rows, d = x.width;
  expects(x.values.size() == n * d && r.size() == n * k && s.size() == k * d,
          "add_transposed: X [n, d], R [n, k], S [k, d]");
  if (k == 1) return add_transposed_one(x.values.data(), n, d, r.data(), s.data());
  Buffer<double> panel(kBlockRows * kTileColumns);
  const std::size_t height = tile_height(k);
  for (std::size_t i = 0; i < n; i += kBlockRows) {
    const std::size_t rows = std::min(kBlockRows, n - i);
    for (std::size_t j = 0; j < d; j += kTileColumns) {
      const std::size_t columns = columns_at(j, d);
      pack_columns(x.values.data() + i * d, d, rows, j, columns, panel.data());
      for (std::size_t c = 0; c < k; c += height)
        detail::add_tile({.a = r.data() + i * k + c,
                          .a_row = 1,
                          .a_step = k,
                          .b = panel.data(),
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
  Buffer<double> panels(panels_of(d) * kTileColumns * kBlockRows);
  for (std::size_t i = 0; i < n; i += kBlockRows) {
    const std::size_t rows = std::min(kBlockRows, n - i);
    pack_panels(x.values.data() + i * d, d, rows, panels.data());
    add_gram_block(panels.data(), rows, d, weights.empty() ? nullptr : weights.data() + i,
                   gram.data());
  }
}

template void multiply(const DenseRows<double>&, std::span<const double>, std::span<const double>,
                       std::size_t, std::span<double>);
template void multiply(const DenseRows<float>&, std::span<const double>, std::span<const double>,
                       std::size_t, std::span<double>);
template void add_transposed(const DenseRows<double>&, std::span<const double>, std::size_t,
                             std::span<double>);
template void add_transposed(const DenseRows<float>&, std::span<const double>, std::size_t,
                             std::span<double>);
template void add_gram(const DenseRows<double>&, std::span<const double>, std::span<double>);
template void add_gram(const DenseRows<float>&, std::span<const double>, std::span<double>);

}  // namespace lockstep
