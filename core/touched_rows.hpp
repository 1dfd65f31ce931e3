#pragma once
/// Gradients that are zero but for a few rows of a matrix, such as an embedding's weight [rows,
/// width]. They lie densely in a flat vector; a set of rows beside it says where anything but +0
/// may be, so that sums, copies and messages pass over all else.
///
/// What is in the set may be zero; what is not in it is +0. A sum is taken over the rows of either
/// operand, so that a row which one of them lacks is added as the +0 that lies there: the bits are
/// those of the dense sum.

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lockstep {

/// A matrix [rows, width], row-major, in a flat vector from `begin`.
struct RowBlock {
  std::size_t begin = 0, rows = 0, width = 0;
  std::size_t end() const noexcept { return begin + rows * width; }
  bool operator==(const RowBlock&) const = default;
};

/// Threads may touch() and add() to one set at the same time and read it meanwhile; forget() and
/// clear() are for one thread alone.
class TouchedRows {
 public:
  static constexpr std::size_t kNoBlock = ~std::size_t{0};

  TouchedRows() = default;
  /// No row of `blocks`, which are ascending and apart, is touched.
  explicit TouchedRows(std::vector<RowBlock> blocks);

  const std::vector<RowBlock>& blocks() const noexcept { return blocks_; }
  std::optional<std::size_t> block_at(std::size_t begin) const;  ///< the block that begins there
  /// Whether numbers [begin, end) of the flat vector reach into a block.
  bool reach(std::size_t begin, std::size_t end) const;

  bool touched(std::size_t block, std::size_t row) const {
    return (word(block, row / 32) >> row % 32 & 1) != 0;
  }
  void touch(std::size_t block, std::size_t row) {
    merge_word(block, row / 32, std::uint32_t{1} << row % 32);
  }
  /// All rows that [begin, end) reaches into; of another set those that are touched there.
  void touch_all(std::size_t begin, std::size_t end);
  void add(const TouchedRows& other, std::size_t begin, std::size_t end);
  /// The rows of block `from` of another set, of as many rows, to those of `block`.
  void add_block(std::size_t block, const TouchedRows& other, std::size_t from);

  void forget();  ///< no row is touched
  /// Sets the touched rows of the flat vector `values` to zero, and forgets them.
  void clear(float* values);
  /// The same for the part [begin, end) of the flat vector, which lies at `values`; there also what
  /// lies outside the blocks becomes zero.
  void clear(std::size_t begin, std::size_t end, float* values);

  /// f(begin, end, block) for the stretches of [begin, end), ascending: what lies outside the
  /// blocks, with kNoBlock, and runs of touched rows.
  template <typename F>
  void for_each(std::size_t begin, std::size_t end, const F& f) const;

  /// Bit r % 32 of word r / 32 stands for row r: how a set is written into messages.
  std::uint32_t word(std::size_t block, std::size_t i) const {
    return atomic(words_[first_word_[block] + i]).load(std::memory_order_relaxed);
  }
  void set_word(std::size_t block, std::size_t i, std::uint32_t bits) {
    atomic(words_[first_word_[block] + i]).store(bits, std::memory_order_relaxed);
  }
  void merge_word(std::size_t block, std::size_t i, std::uint32_t bits) {
    if ((bits & ~word(block, i)) != 0)
      atomic(words_[first_word_[block] + i]).fetch_or(bits, std::memory_order_relaxed);
  }

  /// Rows [first, last) of a block that [begin, end) reaches into; none: first == last.
  struct Rows {
    std::size_t first = 0, last = 0;
  };
  Rows rows_in(std::size_t block, std::size_t begin, std::size_t end) const;

 private:
  static std::atomic_ref<std::uint32_t> atomic(const std::uint32_t& word) {
    return std::atomic_ref<std::uint32_t>(const_cast<std::uint32_t&>(word));
  }
  /// The first row of [from, last) that is touched, or is not; `last` if there is none.
  std::size_t next(std::size_t block, std::size_t from, std::size_t last, bool touched) const;
  std::vector<RowBlock> blocks_;
  std::vector<std::size_t> first_word_;  // of each block
  std::vector<std::uint32_t> words_;
};

template <typename F>
void TouchedRows::for_each(std::size_t begin, std::size_t end, const F& f) const {
  std::size_t at = begin;
  for (std::size_t b = 0; b < blocks_.size() && at < end; ++b) {
    const RowBlock& block = blocks_[b];
    if (block.end() <= at) continue;
    if (at < block.begin) f(at, std::min(end, block.begin), kNoBlock);
    const Rows rows = rows_in(b, begin, end);
    for (std::size_t row = next(b, rows.first, rows.last, true); row < rows.last;) {
      const std::size_t behind = next(b, row, rows.last, false);
      f(std::max(begin, block.begin + row * block.width),
        std::min(end, block.begin + behind * block.width), b);
      row = next(b, behind, rows.last, true);
    }
    at = std::min(end, block.end());
  }
  if (at < end) f(at, end, kNoBlock);
}

}  // namespace lockstep
