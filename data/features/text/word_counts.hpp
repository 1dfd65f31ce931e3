#pragma once
/// How often the words of a token column occur: what the fits of CountVectorizer, Word2Vec,
/// TokenIndexer and BytePairEncoder gather.

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "data/table.hpp"

namespace lockstep::data {

struct WordCount {
  std::string word;
  std::uint64_t times = 0;  ///< it occurs
  std::uint64_t rows = 0;   ///< it occurs in
  static constexpr auto kFields =
      std::make_tuple(&WordCount::word, &WordCount::times, &WordCount::rows);
};

struct WordCounts {
  std::vector<WordCount> words;  ///< in order of their bytes
  std::uint64_t rows = 0;        ///< also those without words
  static constexpr auto kFields = std::make_tuple(&WordCounts::words, &WordCounts::rows);
};

WordCounts count_words(const Tokens& tokens);
WordCounts merged(WordCounts left, const WordCounts& right);

/// `limit` as a number of `all`, such as rows or tokens: below 1 it is a share.
inline double number_of(double limit, std::uint64_t all) {
  return limit < 1 ? limit * static_cast<double>(all) : limit;
}

/// Most frequent first; ties in order of their bytes.
void sort_by_frequency(std::vector<WordCount>& words);

}  // namespace lockstep::data
