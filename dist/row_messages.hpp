#pragma once
/// What travels of a range of the flat vector where rows of it may be left out. Private to dist/.
///
///   dense:  all numbers of the range
///   sparse: for each block in the range a word of 32 bits for each 32 of its rows, lowest bit
///           first; then the numbers of the stretches (TouchedRows::for_each), ascending
///
/// The sender takes what is shorter, so a message as long as its range is dense: the receiver knows
/// without being told, and nobody has to agree beforehand.

#include <span>
#include <vector>

#include "core/touched_rows.hpp"
#include "dist/exchange.hpp"

namespace lockstep::dist {

/// Where the numbers of the flat vector lie: number i at values[i - origin]; those of the blocks
/// elsewhere, at block_values[i], if that is not null.
struct FlatMemory {
  float* values = nullptr;
  std::size_t origin = 0;
  float* block_values = nullptr;

  float* at(std::size_t i, std::size_t block) const {
    return block_values != nullptr && block != TouchedRows::kNoBlock ? block_values + i
                                                                     : values + (i - origin);
  }
};

class RowMessages {
 public:
  RowMessages(const std::vector<RowBlock>& blocks, RowTransfer transfer)
      : transfer_(transfer), incoming_(blocks) {}

  /// Whether a message of the range may be sparse: then it is as long as its sender likes.
  bool may_be_sparse(Segment range) const {
    return transfer_ != RowTransfer::Dense && incoming_.reach(range.begin, range.end);
  }
  /// Whether messages of the range have to be put together and taken apart.
  bool direct(Segment range, const FlatMemory& memory) const;
  std::size_t longest(Segment range) const;  ///< floats

  /// The message, which lies in `room` or, where it is dense, in `memory` itself.
  std::span<const float> pack(Segment range, const FlatMemory& memory, const TouchedRows& rows,
                              std::vector<float>& room);

  /// Puts a message where it belongs, and touches its rows. What it leaves out stays as it is.
  void unpack(Segment range, std::span<const float> message, const FlatMemory& memory,
              TouchedRows& rows);
  /// Whether a message of so many floats is dense.
  bool dense(Segment range, std::size_t floats) const;

 private:
  std::size_t words(Segment range) const;

  RowTransfer transfer_;
  TouchedRows incoming_;  // of the message at hand, in its range
};

}  // namespace lockstep::dist
