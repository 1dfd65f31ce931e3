#include "core/products.hpp"

#include <algorithm>
#include <cstring>

#include "core/buffer.hpp"
#include "core/error.hpp"
#include "core/product_tile.hpp"
#include "core/simd.hpp"

namespace lockstep {
namespace {

using detail::columns_at;
using detail::kTileColumns;
using detail::kTileRows;
using detail::panels_of;
using detail::tile_height;

constexpr std::size_t kBlockDepth = 256;  // columns of X that a pass of X W' takes

// W [k, d] as panels of W', each of d rows; `panels` holds zeros.
void pack_weights(const double* w, std::size_t k, std::size_t d, double* panels) {
  for (std::size_t c = 0; c < k; ++c) {
    double* panel = panels + c / kTileColumns * kTileColumns * d + c % kTileColumns;
    for (std::size_t j = 0; j < d; ++j) panel[j * kTileColumns] = w[c * d + j];
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
LOCKSTEP_SIMD TileInput as_doubles(const float* x, std::size_t d, std::size_t rows,
                                   std::size_t depth, double* scratch) {
  for (std::size_t i = 0; i < rows; ++i) {
    LOCKSTEP_INDEPENDENT
    for (std::size_t j = 0; j < depth; ++j)
      scratch[i * kBlockDepth + j] = static_cast<double>(x[i * d + j]);
  }
  return {scratch, kBlockDepth};
}

// sums [rows, columns] += x W' for a tile's rows at x; `columns` are those of all panels of W'.
template <typename T>
void add_tile_rows(const T* x, std::size_t d, std::size_t rows, const double* panels,
                   std::size_t columns, double* scratch, double* sums) {
  for (std::size_t from = 0; from < d; from += kBlockDepth) {
    const std::size_t depth = std::min(kBlockDepth, d - from);
    const TileInput input = as_doubles(x + from, d, rows, depth, scratch);
    detail::Tile tile{.a = input.values, .a_row = input.row, .a_step = 1, .depth = depth};
    tile.c_row = columns;
    tile.rows = rows;
    for (std::size_t c = 0; c < columns; c += kTileColumns) {
      tile.b = panels + c * d + from * kTileColumns;
      tile.c = sums + c;
      tile.columns = columns_at(c, columns);
      detail::add_tile(tile);
    }
  }
}

// Z = X W' + b for k > 1. The sums of a tile's rows lie aside, with the panels' width.
template <typename T>
void multiply_many(const DenseRows<T>& x, const double* w, const double* bias, std::size_t k,
                   double* z) {
  const std::size_t n = x.rows, d = x.width;
  const std::size_t columns = (k + 7) / 8 * 8;  // the last tile takes 8 or 16
  Buffer<double> panels(panels_of(k) * kTileColumns * d), scratch(kTileRows * kBlockDepth);
  Buffer<double> sums(kTileRows * columns);
  pack_weights(w, k, d, panels.data());
  const std::size_t height = tile_height(n);
  for (std::size_t i = 0; i < n; i += height) {
    const std::size_t rows = std::min(height, n - i);
    std::fill_n(sums.data(), rows * columns, 0.0);
    add_tile_rows(x.values.data() + i * d, d, rows, panels.data(), columns, scratch.data(),
                  sums.data());
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < k; ++c)
        z[(i + r) * k + c] = sums[r * columns + c] + (bias ? bias[c] : 0.0);
  }
}

using Four [[gnu::vector_size(32), gnu::aligned(8), gnu::may_alias]] = double;

template <typename T>
LOCKSTEP_INLINE inline void load(const T* x, Four& four) {
  four = Four{static_cast<double>(x[0]), static_cast<double>(x[1]), static_cast<double>(x[2]),
              static_cast<double>(x[3])};
}

// sums[r] += x[r, j] w[j] for rows r < 4 and j = 0 .. 3, ascending. A vector holds a column: the
// block is transposed.
template <typename T>
LOCKSTEP_INLINE inline void add_four_columns(const T* x, std::size_t d, const double* w,
                                             Four& sums) {
  Four a, b, c, e;
  load(x, a);
  load(x + d, b);
  load(x + 2 * d, c);
  load(x + 3 * d, e);
  const Four ab_even = __builtin_shufflevector(a, b, 0, 4, 2, 6);
  const Four ab_odd = __builtin_shufflevector(a, b, 1, 5, 3, 7);
  const Four ce_even = __builtin_shufflevector(c, e, 0, 4, 2, 6);
  const Four ce_odd = __builtin_shufflevector(c, e, 1, 5, 3, 7);
  sums += __builtin_shufflevector(ab_even, ce_even, 0, 1, 4, 5) * w[0];
  sums += __builtin_shufflevector(ab_odd, ce_odd, 0, 1, 4, 5) * w[1];
  sums += __builtin_shufflevector(ab_even, ce_even, 2, 3, 6, 7) * w[2];
  sums += __builtin_shufflevector(ab_odd, ce_odd, 2, 3, 6, 7) * w[3];
}

// z[i] = x[i] . w: sixteen rows at a time, so that enough chains of sums are under way.
template <typename T>
LOCKSTEP_SIMD void multiply_one(const T* x, std::size_t n, std::size_t d, const double* w,
                                double* z) {
  constexpr std::size_t kFours = 4;
  std::size_t i = 0;
  for (; i + 4 * kFours <= n; i += 4 * kFours) {
    const T* rows = x + i * d;
    Four sums[kFours] = {};
    std::size_t j = 0;
    for (; j + 4 <= d; j += 4) {
#pragma GCC unroll 4
      for (std::size_t r = 0; r < kFours; ++r)
        add_four_columns(rows + 4 * r * d + j, d, w + j, sums[r]);
    }
    std::memcpy(z + i, sums, sizeof sums);
    for (; j < d; ++j)
      for (std::size_t r = 0; r < 4 * kFours; ++r)
        z[i + r] += static_cast<double>(rows[r * d + j]) * w[j];
  }
  for (; i < n; ++i) {
    z[i] = 0;
    for (std::size_t j = 0; j < d; ++j) z[i] += static_cast<double>(x[i * d + j]) * w[j];
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
  if (k != 1) return multiply_many(x, w.data(), bias.empty() ? nullptr : bias.data(), k, z.data());
  multiply_one(x.values.data(), n, d, w.data(), z.data());
  if (!bias.empty())
    for (double& number : z) number += bias[0];
}

template void multiply(const DenseRows<double>&, std::span<const double>, std::span<const double>,
                       std::size_t, std::span<double>);
template void multiply(const DenseRows<float>&, std::span<const double>, std::span<const double>,
                       std::size_t, std::span<double>);

}  // namespace lockstep
