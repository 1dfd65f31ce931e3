#include "core/product_tile.hpp"

#include <algorithm>
#include <array>

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

#if defined(__x86_64__) && defined(__GNUC__) && !defined(LOCKSTEP_SANITIZED)
__attribute__((target("avx512f"))) void add_blocks_avx512(const Tile& t) { add_blocks<64, 8>(t); }
__attribute__((target("avx2"))) void add_blocks_avx2(const Tile& t) { add_blocks<32, 4>(t); }
void add_blocks_baseline(const Tile& t) { add_blocks<16, 4>(t); }

auto* choose() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return add_blocks_avx512;
  return __builtin_cpu_supports("avx2") ? add_blocks_avx2 : add_blocks_baseline;
}
#else
void add_blocks_baseline(const Tile& t) { add_blocks<16, 4>(t); }
auto* choose() { return add_blocks_baseline; }
#endif

}  // namespace

void add_tile(const Tile& tile) {
  static const auto kAdd = choose();
  if (tile.columns % 8 == 0) return kAdd(tile);  // no vector reaches beyond the tile
  alignas(64) std::array<double, kTileRows * kTileColumns> padded{};
  Tile t = tile;
  t.c = padded.data();
  t.c_row = kTileColumns;
  for (std::size_t r = 0; r < tile.rows; ++r)
    std::copy_n(tile.c + r * tile.c_row, tile.columns, t.c + r * kTileColumns);
  kAdd(t);
  for (std::size_t r = 0; r < tile.rows; ++r)
    std::copy_n(t.c + r * kTileColumns, tile.columns, tile.c + r * tile.c_row);
}

}  // namespace lockstep::detail
