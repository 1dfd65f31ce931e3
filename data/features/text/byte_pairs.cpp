#include "data/features/text/byte_pairs.hpp"

#include <algorithm>
#include <limits>
#include <queue>
#include <unordered_set>

#include "data/features/text/text.hpp"

namespace lockstep::data {
namespace {

constexpr std::uint32_t kNoPiece = std::numeric_limits<std::uint32_t>::max();

std::uint64_t pair_of(std::uint32_t left, std::uint32_t right) {
  return std::uint64_t{left} << 32 | right;
}
std::uint32_t left_of(std::uint64_t pair) { return static_cast<std::uint32_t>(pair >> 32); }
std::uint32_t right_of(std::uint64_t pair) { return static_cast<std::uint32_t>(pair); }

/// The characters of a word as byte ranges [begin, end).
std::vector<std::pair<std::size_t, std::size_t>> character_ranges(std::string_view word) {
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t end = at + character_bytes(word, at);
    ranges.emplace_back(at, end);
    at = end;
  }
  return ranges;
}

/// The words of a vocabulary while joins are learnt. How often each pair of neighbours occurs is
/// kept up to date: a join only touches the words it occurs in.
class Learner {
 public:
  Learner(std::span<const WordCount> words, std::uint64_t min_frequency)
      : least_(std::max<std::uint64_t>(1, min_frequency)), by_rank_(Below{*this}) {
    for (const WordCount& word : words) {
      if (word.word.empty()) continue;
      words_.push_back({{}, word.times});
      for (const auto& [begin, end] : character_ranges(word.word)) {
        std::string piece = word.word.substr(begin, end - begin);
        if (end == word.word.size()) piece += kEndOfWord;
        words_.back().pieces.push_back(number(std::move(piece)));
      }
    }
    for (std::size_t w = 0; w < words_.size(); ++w) count(w, +1);
    settle();
  }

  /// The most frequent pair, joined in all words; nothing if none is frequent enough.
  bool join(Join& join) {
    while (!by_rank_.empty()) {
      const Ranked best = by_rank_.top();
      by_rank_.pop();
      const auto found = pairs_.find(best.pair);
      if (found == pairs_.end() || found->second.times != best.times) continue;  // it has changed
      join = {pieces_[left_of(best.pair)], pieces_[right_of(best.pair)]};
      apply(best.pair, number(join.first + join.second));
      return true;
    }
    return false;
  }

 private:
  struct Word {
    std::vector<std::uint32_t> pieces;
    std::uint64_t times;
  };
  struct Pair {
    std::uint64_t times = 0;
    std::vector<std::uint32_t> words{};  // in which it occurs or did
  };
  struct Ranked {
    std::uint64_t times;
    std::uint64_t pair;
  };
  struct Below {  // of the two the one that comes later
    const Learner& learner;
    bool operator()(const Ranked& a, const Ranked& b) const {
      if (a.times != b.times) return a.times < b.times;
      const auto& text = learner.pieces_;
      const int left = text[left_of(a.pair)].compare(text[left_of(b.pair)]);
      return left != 0 ? left > 0 : text[right_of(a.pair)] > text[right_of(b.pair)];
    }
  };

  std::uint32_t number(std::string piece) {
    const auto [found, is_new] =
        numbers_.emplace(std::move(piece), static_cast<std::uint32_t>(pieces_.size()));
    if (is_new) pieces_.push_back(found->first);
    return found->second;
  }

  void count(std::size_t w, int sign) {
    const Word& word = words_[w];
    for (std::size_t i = 1; i < word.pieces.size(); ++i) {
      const std::uint64_t key = pair_of(word.pieces[i - 1], word.pieces[i]);
      Pair& pair = pairs_[key];
      if (sign < 0) {
        pair.times -= word.times;
      } else {
        pair.times += word.times;
        const auto place = static_cast<std::uint32_t>(w);
        if (pair.words.empty() || pair.words.back() != place) pair.words.push_back(place);
      }
      changed_.insert(key);
    }
  }

  void apply(std::uint64_t pair, std::uint32_t joined) {
    std::vector<std::uint32_t> places = std::move(pairs_.at(pair).words);
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    for (const std::uint32_t w : places) {
      auto& pieces = words_[w].pieces;
      count(w, -1);
      std::size_t out = 0;
      for (std::size_t i = 0; i < pieces.size(); ++out) {
        const bool here = i + 1 < pieces.size() && pair_of(pieces[i], pieces[i + 1]) == pair;
        pieces[out] = here ? joined : pieces[i];
        i += here ? 2 : 1;
      }
      pieces.resize(out);
      count(w, +1);
    }
    settle();
  }

  /// Ranks the pairs whose counts have changed anew; the old ranks are passed over later.
  void settle() {
    for (const std::uint64_t key : changed_) {
      const auto found = pairs_.find(key);
      if (found->second.times >= least_) {
        by_rank_.push({found->second.times, key});
      } else if (found->second.times == 0) {
        pairs_.erase(found);
      }
    }
    changed_.clear();
  }

  std::uint64_t least_;
  std::vector<Word> words_;
  std::vector<std::string> pieces_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::unordered_map<std::uint64_t, Pair> pairs_;
  std::unordered_set<std::uint64_t> changed_;
  std::priority_queue<Ranked, std::vector<Ranked>, Below> by_rank_;
};

}  // namespace

std::vector<Join> learn_joins(std::span<const WordCount> words, std::size_t most,
                              std::uint64_t min_frequency) {
  Learner learner(words, min_frequency);
  std::vector<Join> joins;
  Join join;
  while (joins.size() < most && learner.join(join)) joins.push_back(std::move(join));
  return joins;
}

BytePairs::BytePairs(std::span<const Join> joins) {
  for (const auto& [left, right] : joins) {
    const std::uint64_t pair = pair_of(number(left), number(right));
    joins_.emplace(pair, Joined{static_cast<std::uint32_t>(joins_.size()), number(left + right)});
  }
}

std::uint32_t BytePairs::number(const std::string& piece) {
  return numbers_.emplace(piece, static_cast<std::uint32_t>(numbers_.size())).first->second;
}

const BytePairs::Joined* BytePairs::find(const Part& left, const Part& right) const {
  if (left.piece == kNoPiece || right.piece == kNoPiece) return nullptr;
  const auto found = joins_.find(pair_of(left.piece, right.piece));
  return found == joins_.end() ? nullptr : &found->second;
}

std::vector<BytePairs::Part> BytePairs::characters(const std::string& word, std::size_t end) const {
  std::vector<Part> parts;
  for (const auto& [first, last] : character_ranges(std::string_view(word).substr(0, end)))
    parts.push_back({first, last == end ? word.size() : last, kNoPiece});
  for (Part& part : parts) {
    const auto known = numbers_.find(word.substr(part.begin, part.end - part.begin));
    if (known != numbers_.end()) part.piece = known->second;
  }
  return parts;
}

void BytePairs::cut(std::string_view word, std::vector<std::string>& pieces) const {
  if (word.empty()) return;
  const std::string text = std::string(word).append(kEndOfWord);
  std::vector<Part> parts = characters(text, word.size());
  for (;;) {
    const Joined* best = nullptr;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const Joined* here = find(parts[i - 1], parts[i]);
      if (here != nullptr && (best == nullptr || here->rank < best->rank)) best = here;
    }
    if (best == nullptr) break;
    std::size_t out = 0;
    for (std::size_t i = 0; i < parts.size(); ++out) {
      const bool here = i + 1 < parts.size() && find(parts[i], parts[i + 1]) == best;
      parts[out] = here ? Part{parts[i].begin, parts[i + 1].end, best->piece} : parts[i];
      i += here ? 2 : 1;
    }
    parts.resize(out);
  }
  for (const Part& part : parts) pieces.push_back(text.substr(part.begin, part.end - part.begin));
}

}  // namespace lockstep::data
