#include "core/touched_rows.hpp"

#include <utility>

namespace lockstep {
namespace {

std::size_t words_for(std::size_t rows) { return (rows + 31) / 32; }

// f(word, its bits that stand for `rows`).
template <typename F>
void for_each_word(TouchedRows::Rows rows, const F& f) {
  for (std::size_t row = rows.first; row < rows.last;) {
    const std::size_t word = row / 32, behind = std::min(rows.last, (word + 1) * 32);
    std::uint32_t mask = ~std::uint32_t{0} << row % 32;
    if (behind % 32 != 0) mask &= ~(~std::uint32_t{0} << behind % 32);
    f(word, mask);
    row = behind;
  }
}

}  // namespace

TouchedRows::TouchedRows(std::vector<RowBlock> blocks) : blocks_(std::move(blocks)) {
  std::size_t words = 0;
  for (const RowBlock& block : blocks_) {
    first_word_.push_back(words);
    words += words_for(block.rows);
  }
  words_.resize(words);
}

std::optional<std::size_t> TouchedRows::block_at(std::size_t begin) const {
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    if (blocks_[b].begin == begin) return b;
  }
  return std::nullopt;
}

bool TouchedRows::reach(std::size_t begin, std::size_t end) const {
  return std::any_of(blocks_.begin(), blocks_.end(), [&](const RowBlock& block) {
    return begin < block.end() && block.begin < end;
  });
}

TouchedRows::Rows TouchedRows::rows_in(std::size_t block, std::size_t begin,
                                       std::size_t end) const {
  const RowBlock& b = blocks_[block];
  const std::size_t from = std::max(begin, b.begin), to = std::min(end, b.end());
  if (from >= to) return {};
  return {(from - b.begin) / b.width, (to - b.begin + b.width - 1) / b.width};
}

void TouchedRows::touch_all(std::size_t begin, std::size_t end) {
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    for_each_word(rows_in(b, begin, end),
                  [&](std::size_t i, std::uint32_t mask) { merge_word(b, i, mask); });
  }
}

void TouchedRows::add(const TouchedRows& other, std::size_t begin, std::size_t end) {
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    for_each_word(rows_in(b, begin, end), [&](std::size_t i, std::uint32_t mask) {
      merge_word(b, i, other.word(b, i) & mask);
    });
  }
}

void TouchedRows::add_block(std::size_t block, const TouchedRows& other, std::size_t from) {
  for (std::size_t i = 0; i < words_for(blocks_[block].rows); ++i)
    merge_word(block, i, other.word(from, i));
}

void TouchedRows::forget() { std::fill(words_.begin(), words_.end(), 0u); }

void TouchedRows::clear(float* values) {
  for (const RowBlock& block : blocks_) {
    for_each(block.begin, block.end(), [&](std::size_t begin, std::size_t end, std::size_t) {
      std::fill(values + begin, values + end, 0.0f);
    });
  }
  forget();
}

void TouchedRows::clear(std::size_t begin, std::size_t end, float* values) {
  for_each(begin, end, [&](std::size_t from, std::size_t to, std::size_t) {
    std::fill(values + (from - begin), values + (to - begin), 0.0f);
  });
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    for_each_word(rows_in(b, begin, end),
                  [&](std::size_t i, std::uint32_t mask) { set_word(b, i, word(b, i) & ~mask); });
  }
}

std::size_t TouchedRows::next(std::size_t block, std::size_t from, std::size_t last,
                              bool touched) const {
  while (from < last) {
    const std::uint32_t bits = word(block, from / 32);
    const auto left = (touched ? bits : ~bits) >> from % 32;
    if (left != 0) return std::min(last, from + static_cast<std::size_t>(std::countr_zero(left)));
    from = (from / 32 + 1) * 32;
  }
  return last;
}

}  // namespace lockstep
