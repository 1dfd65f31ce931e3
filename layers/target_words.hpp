#pragma once
/// The words of a text to be written, in a row of ids as a token_indexer stage makes it, and what a
/// decoder reads and is to write. n words w: it reads BEGIN, w_1 .. w_n and writes w_1 .. w_n, END.

#include <cstdint>
#include <span>

namespace lockstep::layers {

/// Ids that are no words; those of data::TokenIndexer.
inline constexpr std::int32_t kPaddingId = 0, kUnknownId = 1, kBeginId = 2, kEndId = 3;

/// The ids of a row up to the last one that is not padding, without begin and end.
inline std::span<const float> target_words(std::span<const float> row) {
  while (!row.empty() && row.back() == kPaddingId) row = row.first(row.size() - 1);
  if (!row.empty() && row.back() == kEndId) row = row.first(row.size() - 1);
  if (!row.empty() && row.front() == kBeginId) row = row.subspan(1);
  return row;
}

}  // namespace lockstep::layers
