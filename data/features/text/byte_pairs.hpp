#pragma once
/// Byte pair encoding (Sennrich, Haddow and Birch 2016): words as pieces. A word's first pieces are
/// its UTF-8 characters, the last with kEndOfWord behind it; then neighbours are joined, in the
/// order in which the joins were learnt. Local, deterministic.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "data/features/text/word_counts.hpp"

namespace lockstep::data {

inline constexpr std::string_view kEndOfWord = "</w>";

/// The pieces that are joined: left, right.
using Join = std::pair<std::string, std::string>;

/// Learns up to `most` joins from words and how often they occur: each time the neighbours that
/// occur most often, ties in order of the bytes of left, then right; none that occurs less than
/// `min_frequency` times (at least 1).
std::vector<Join> learn_joins(std::span<const WordCount> words, std::size_t most,
                              std::uint64_t min_frequency);

/// Cuts words into pieces by joins that were learnt.
class BytePairs {
 public:
  explicit BytePairs(std::span<const Join> joins = {});

  /// Appends the pieces of a word; the empty word has none.
  void cut(std::string_view word, std::vector<std::string>& pieces) const;

 private:
  struct Joined {
    std::uint32_t rank;   // joins with a low rank come first
    std::uint32_t piece;  // the number of what comes out
  };
  struct Part {
    std::size_t begin, end;  // bytes of the word
    std::uint32_t piece;
  };
  std::uint32_t number(const std::string& piece);
  const Joined* find(const Part& left, const Part& right) const;
  std::vector<Part> characters(const std::string& word, std::size_t end) const;

  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::unordered_map<std::uint64_t, Joined> joins_;  // by the numbers of both pieces
};

}  // namespace lockstep::data
