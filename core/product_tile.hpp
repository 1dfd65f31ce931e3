#pragma once
/// The inner loop of the dense products (core/products.hpp; nothing else needs it): a small block
/// of sums held in registers, with code for AVX-512, AVX2 and the baseline.

#include <algorithm>
#include <cstddef>
#include <vector>

namespace lockstep::detail {

inline constexpr std::size_t kTileRows = 8;      ///< most rows of a tile
inline constexpr std::size_t kTileColumns = 16;  ///< most columns, and the width of a panel

/// c[r, j] += sum over p of a[r, p] b[p, j], for r < rows and j < columns.
/// Each number of c is one chain of sums, p ascending, that starts with what c holds; a product and
/// a sum are rounded each. So its bits depend on neither the instruction set nor the tile. A fused
/// multiply-add would be faster on some CPUs, but a baseline without it would have other bits.
struct Tile {
  const double* a = nullptr;  ///< a[r, p] is a[r * a_row + p * a_step]
  std::size_t a_row = 0, a_step = 0;
  const double* b = nullptr;  ///< a panel: b[p, j] is b[p * kTileColumns + j], 0 beyond `columns`
  double* c = nullptr;        ///< c[r, j] is c[r * c_row + j]
  std::size_t c_row = 0;
  std::size_t rows = 0, columns = 0, depth = 0;  ///< rows <= kTileRows, columns <= kTileColumns
};

void add_tile(const Tile& tile);

/// The code of each instruction set that this CPU has, the best first, for tests. Only for 8 or
/// kTileColumns columns.
std::vector<void (*)(const Tile&)> tile_codes();

inline std::size_t panels_of(std::size_t columns) {
  return (columns + kTileColumns - 1) / kTileColumns;
}

/// Columns of the tile that starts at column `from` of `all`.
inline std::size_t columns_at(std::size_t from, std::size_t all) {
  return std::min(kTileColumns, all - from);
}

/// Height of the tiles that `rows` rows are cut into: as equal as can be, since a low tile is slow.
inline std::size_t tile_height(std::size_t rows) {
  const std::size_t tiles = (rows + kTileRows - 1) / kTileRows;
  return tiles == 0 ? 1 : (rows + tiles - 1) / tiles;
}

}  // namespace lockstep::detail
