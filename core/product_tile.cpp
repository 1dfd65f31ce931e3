#include "core/product_tile.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "core/simd.hpp"

namespace lockstep::detail {
namespace {

// `Bytes` of doubles as one vector; it may lie anywhere in memory.
template <std::size_t Bytes>
struct Lanes {
  using Vector [[gnu::vector_size(Bytes), gnu::aligned(8), gnu::may_alias]] = double;
  static constexpr std::size_t kCount = Bytes / sizeof(double);
};

// `Rows` rows and `Vectors` vectors of the tile from row `row` and column `column` on. The sums are
// to stay in registers: the loops over them are unrolled.
template <std::size_t Bytes, std::size_t Rows, std::size_t Vectors>
LOCKSTEP_INLINE inline void add_part(const Tile& t, std::size_t row, std::size_t column) {
  using Vector = typename Lanes<Bytes>::Vector;
  constexpr std::size_t kCount = Lanes<Bytes>::kCount;
  const double* a[Rows];
  for (std::size_t r = 0; r < Rows; ++r) a[r] = t.a + (row + r) * t.a_row;
  const double* b = t.b + column;
  double* c = t.c + row * t.c_row + column;
  Vector sums[Rows][Vectors];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (std::size_t v = 0; v < Vectors; ++v)
      sums[r][v] = *reinterpret_cast<const Vector*>(c + r * t.c_row + v * kCount);
  const std::size_t end = t.depth * t.a_step;
  for (std::size_t p = 0; p < end; p += t.a_step, b += kTileColumns) {
    Vector right[Vectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < Vectors; ++v)
      right[v] = *reinterpret_cast<const Vector*>(b + v * kCount);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Vectors; ++v) sums[r][v] += a[r][p] * right[v];
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (std::size_t v = 0; v < Vectors; ++v)
      *reinterpret_cast<Vector*>(c + r * t.c_row + v * kCount) = sums[r][v];
}

// The rows that are left after full blocks: 1 .. Rows of them.
template <std::size_t Bytes, std::size_t Rows, std::size_t Vectors>
LOCKSTEP_INLINE inline void add_rows(const Tile& t, std::size_t row, std::size_t column,
                                     std::size_t rows) {
  if constexpr (Rows > 0) {
    if (rows == Rows)
      add_part<Bytes, Rows, Vectors>(t, row, column);
    else
      add_rows<Bytes, Rows - 1, Vectors>(t, row, column, rows);
  }
}

// All of a tile in blocks of at most `Rows` rows (those of a tile in equal shares) and two vectors.
template <std::size_t Bytes, std::size_t Rows>
LOCKSTEP_INLINE inline void add_blocks(const Tile& t) {
  constexpr std::size_t kCount = Lanes<Bytes>::kCount;
  const std::size_t parts = (t.rows + Rows - 1) / Rows;
  for (std::size_t column = 0; column < t.columns; column += 2 * kCount) {
    std::size_t row = 0;
    for (std::size_t part = 0; part < parts; ++part) {
      const std::size_t rows = (t.rows - row) / (parts - part);
      if (t.columns - column > kCount)
        add_rows<Bytes, Rows, 2>(t, row, column, rows);
      else
        add_rows<Bytes, Rows, 1>(t, row, column, rows);
      row += rows;
    }
  }
}

// n < 16 numbers; std::copy_n would call a function for them.
inline void copy_short(const double* from, std::size_t n, double* to) {
  const auto piece = [&]<std::size_t Size>(std::integral_constant<std::size_t, Size>) {
    if ((n & Size) == 0) return;
    std::memcpy(to, from, Size * sizeof(double));
    from += Size;
    to += Size;
  };
  piece(std::integral_constant<std::size_t, 8>{});
  piece(std::integral_constant<std::size_t, 4>{});
  piece(std::integral_constant<std::size_t, 2>{});
  piece(std::integral_constant<std::size_t, 1>{});
}

void add_blocks_baseline(const Tile& t) { add_blocks<16, 4>(t); }
#if defined(__x86_64__) && defined(__GNUC__) && !defined(LOCKSTEP_SANITIZED)
#define LOCKSTEP_TILE_CODES
__attribute__((target("avx512f"))) void add_blocks_avx512(const Tile& t) { add_blocks<64, 8>(t); }
__attribute__((target("avx2"))) void add_blocks_avx2(const Tile& t) { add_blocks<32, 4>(t); }
#endif

}  // namespace

std::vector<void (*)(const Tile&)> tile_codes() {
  std::vector<void (*)(const Tile&)> codes;
#if defined(LOCKSTEP_TILE_CODES)
  if (__builtin_cpu_supports("avx512f")) codes.push_back(add_blocks_avx512);
  if (__builtin_cpu_supports("avx2")) codes.push_back(add_blocks_avx2);
#endif
  codes.push_back(add_blocks_baseline);
  return codes;
}

void add_tile(const Tile& tile) {
  static const auto kAdd = tile_codes().front();
  if (tile.columns % 8 == 0) return kAdd(tile);  // no vector reaches beyond the tile
  alignas(64) double padded[kTileRows * kTileColumns];
  Tile t = tile;
  t.c = padded;
  t.c_row = kTileColumns;
  for (std::size_t r = 0; r < tile.rows; ++r) {
    std::fill_n(padded + r * kTileColumns, kTileColumns, 0.0);
    copy_short(tile.c + r * tile.c_row, tile.columns, padded + r * kTileColumns);
  }
  kAdd(t);
  for (std::size_t r = 0; r < tile.rows; ++r)
    copy_short(padded + r * kTileColumns, tile.columns, tile.c + r * tile.c_row);
}

}  // namespace lockstep::detail
