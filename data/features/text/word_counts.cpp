#include "data/features/text/word_counts.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_map>

namespace lockstep::data {
namespace {

struct Seen {
  std::uint64_t times = 0, rows = 0;
  std::size_t last_row = 0;  // counted from 1; 0: none yet
};

bool by_bytes(const WordCount& a, const WordCount& b) { return a.word < b.word; }

}  // namespace

WordCounts count_words(const Tokens& tokens) {
  std::unordered_map<std::string_view, Seen> seen;
  for (std::size_t row = 0; row < tokens.rows(); ++row) {
    const std::size_t first = tokens.first(row), end = first + tokens.count(row);
    for (std::size_t i = first; i < end; ++i) {
      Seen& word = seen[tokens.token(i)];
      ++word.times;
      if (word.last_row != row + 1) ++word.rows;
      word.last_row = row + 1;
    }
  }
  WordCounts counts;
  counts.rows = tokens.rows();
  counts.words.reserve(seen.size());
  for (const auto& [word, count] : seen)
    counts.words.push_back({std::string(word), count.times, count.rows});
  std::sort(counts.words.begin(), counts.words.end(), by_bytes);
  return counts;
}

WordCounts merged(WordCounts left, const WordCounts& right) {
  WordCounts both;
  both.rows = left.rows + right.rows;
  both.words.reserve(std::max(left.words.size(), right.words.size()));
  auto l = left.words.begin();
  for (const WordCount& r : right.words) {
    while (l != left.words.end() && l->word < r.word) both.words.push_back(std::move(*l++));
    both.words.push_back(r);
    if (l == left.words.end() || l->word != r.word) continue;
    both.words.back().times += l->times;
    both.words.back().rows += l->rows;
    ++l;
  }
  std::move(l, left.words.end(), std::back_inserter(both.words));
  return both;
}

void sort_by_frequency(std::vector<WordCount>& words) {
  std::sort(words.begin(), words.end(), [](const WordCount& a, const WordCount& b) {
    return a.times != b.times ? a.times > b.times : a.word < b.word;
  });
}

}  // namespace lockstep::data
