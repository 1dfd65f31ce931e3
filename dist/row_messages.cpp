#include "dist/row_messages.hpp"

#include <algorithm>
#include <cstring>

namespace lockstep::dist {
namespace {

/// f(block, word) for the words of the rows in `range`.
template <typename F>
void for_each_word(const TouchedRows& rows, Segment range, const F& f) {
  for (std::size_t b = 0; b < rows.blocks().size(); ++b) {
    const auto [first, last] = rows.rows_in(b, range.begin, range.end);
    for (std::size_t i = first / 32; i * 32 < last; ++i) f(b, i);
  }
}

}  // namespace

std::size_t RowMessages::words(Segment range) const {
  std::size_t count = 0;
  for_each_word(incoming_, range, [&](std::size_t, std::size_t) { ++count; });
  return count;
}

bool RowMessages::direct(Segment range, const FlatMemory& memory) const {
  return !may_be_sparse(range) &&
         (memory.block_values == nullptr || !incoming_.reach(range.begin, range.end));
}

std::size_t RowMessages::longest(Segment range) const {
  const std::size_t count = range.end - range.begin;
  return transfer_ == RowTransfer::Sparse && may_be_sparse(range) ? words(range) + count : count;
}

bool RowMessages::dense(Segment range, std::size_t floats) const {
  if (!may_be_sparse(range)) return true;
  return transfer_ != RowTransfer::Sparse && floats == range.end - range.begin;
}

std::span<const float> RowMessages::pack(Segment range, const FlatMemory& memory,
                                         const TouchedRows& rows, std::vector<float>& room) {
  const std::size_t count = range.end - range.begin;
  std::size_t length = count, head = 0;
  if (may_be_sparse(range)) {
    head = words(range);
    length = head;
    rows.for_each(range.begin, range.end,
                  [&](std::size_t begin, std::size_t end, std::size_t) { length += end - begin; });
  }
  const bool sparse = head > 0 && (transfer_ == RowTransfer::Sparse || length < count);
  if (!sparse && memory.block_values == nullptr)
    return {memory.values + (range.begin - memory.origin), count};
  room.resize(sparse ? length : count);
  float* out = room.data();
  const auto copy = [&](std::size_t begin, std::size_t end, std::size_t block) {
    out = std::copy_n(memory.at(begin, block), end - begin, out);
  };
  if (sparse) {
    for_each_word(rows, range, [&](std::size_t block, std::size_t i) {
      const std::uint32_t bits = rows.word(block, i);
      std::memcpy(out++, &bits, sizeof bits);
    });
    rows.for_each(range.begin, range.end, copy);
  } else {
    incoming_.touch_all(range.begin, range.end);
    incoming_.for_each(range.begin, range.end, copy);
  }
  return room;
}

void RowMessages::unpack(Segment range, std::span<const float> message, const FlatMemory& memory,
                         TouchedRows& rows) {
  const float* in = message.data();
  if (dense(range, message.size())) {
    incoming_.touch_all(range.begin, range.end);
  } else {
    for_each_word(incoming_, range, [&](std::size_t block, std::size_t i) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, in++, sizeof bits);
      incoming_.set_word(block, i, bits);
    });
  }
  incoming_.for_each(range.begin, range.end,
                     [&](std::size_t begin, std::size_t end, std::size_t block) {
                       std::copy_n(in, end - begin, memory.at(begin, block));
                       in += end - begin;
                     });
  rows.add(incoming_, range.begin, range.end);
}

}  // namespace lockstep::dist
