#include "data/features/text/skip_gram.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "core/math.hpp"
#include "core/random.hpp"
#include "core/simd.hpp"

namespace lockstep::data {
namespace {

constexpr std::size_t kLanes = 16;
constexpr double kLeastRate = 1e-4;  // of the step size

/// Product of two vectors in 16 sums side by side, whose order is the same on every machine.
LOCKSTEP_SIMD float dot(const float* a, const float* b, std::size_t n) {
  std::array<float, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (std::size_t lane = 0; i < n; ++i, ++lane) sums[lane] += a[i] * b[i];
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

/// to += factor * from
LOCKSTEP_SIMD void add_scaled(float* __restrict to, float factor, const float* __restrict from,
                              std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) to[i] += factor * from[i];
}

/// A partition's own copy of the vectors, and which of them it has changed.
class Trainer {
 public:
  Trainer(const WordVectors& start, std::size_t size)
      : size_(size),
        vectors_(start),
        words_changed_(start.words.size() / size),
        nodes_changed_(start.nodes.size() / size),
        change_(size) {}

  /// One pair: `neighbour` shall lead to the word of `code`.
  void learn(std::uint32_t neighbour, const HuffmanCode& code, float rate) {
    if (code.nodes.empty()) return;
    float* word = vectors_.words.data() + neighbour * size_;
    std::fill(change_.begin(), change_.end(), 0.0f);
    for (std::size_t i = 0; i < code.nodes.size(); ++i) {
      float* node = vectors_.nodes.data() + code.nodes[i] * size_;
      const auto turn = static_cast<float>(sigmoid(static_cast<double>(dot(word, node, size_))));
      const float step = (1.0f - static_cast<float>(code.bits[i]) - turn) * rate;
      add_scaled(change_.data(), step, node, size_);
      add_scaled(node, step, word, size_);
      nodes_changed_[code.nodes[i]] = true;
    }
    add_scaled(word, 1.0f, change_.data(), size_);
    words_changed_[neighbour] = true;
  }

  SkipGramPass::Partial changed() const {
    return {changed_rows(vectors_.words, words_changed_),
            changed_rows(vectors_.nodes, nodes_changed_)};
  }

 private:
  SkipGramPass::RowSums changed_rows(const std::vector<float>& matrix,
                                     const std::vector<bool>& changed) const {
    SkipGramPass::RowSums sums;
    for (std::size_t row = 0; row < changed.size(); ++row) {
      if (!changed[row]) continue;
      sums.rows.push_back(static_cast<std::uint32_t>(row));
      sums.partitions.push_back(1);
      const float* vector = matrix.data() + row * size_;
      sums.sums.insert(sums.sums.end(), vector, vector + size_);
    }
    return sums;
  }

  std::size_t size_;
  WordVectors vectors_;
  std::vector<bool> words_changed_, nodes_changed_;
  std::vector<float> change_;
};

/// The words of every row by their indices, without those not known.
std::vector<std::vector<std::uint32_t>> known_words(const Tokens& tokens,
                                                    const Vocabulary& vocabulary) {
  std::vector<std::vector<std::uint32_t>> rows(tokens.rows());
  for (std::size_t row = 0; row < tokens.rows(); ++row) {
    const std::size_t first = tokens.first(row), end = first + tokens.count(row);
    for (std::size_t i = first; i < end; ++i) {
      if (const auto word = vocabulary.find(tokens.token(i))) rows[row].push_back(*word);
    }
  }
  return rows;
}

/// The neighbours of word `at` of a row: up to `reach` to each side, within its sentence.
template <typename Use>
void for_each_neighbour(std::size_t at, std::size_t reach, std::size_t sentence_words,
                        std::size_t row_words, const Use& use) {
  const std::size_t sentence = at - at % sentence_words;
  const std::size_t begin = std::max(sentence, at - std::min(at, reach));
  const std::size_t end = std::min({row_words, sentence + sentence_words, at + reach + 1});
  for (std::size_t i = begin; i < end; ++i) {
    if (i != at) use(i);
  }
}

SkipGramPass::RowSums merged(const SkipGramPass::RowSums& left, const SkipGramPass::RowSums& right,
                             std::size_t size) {
  SkipGramPass::RowSums both;
  const auto append = [&](const SkipGramPass::RowSums& from, std::size_t i) {
    both.rows.push_back(from.rows[i]);
    both.partitions.push_back(from.partitions[i]);
    const float* vector = from.sums.data() + i * size;
    both.sums.insert(both.sums.end(), vector, vector + size);
  };
  std::size_t l = 0;
  for (std::size_t r = 0; r < right.rows.size(); ++r) {
    for (; l < left.rows.size() && left.rows[l] < right.rows[r]; ++l) append(left, l);
    if (l == left.rows.size() || left.rows[l] != right.rows[r]) {
      append(right, r);
      continue;
    }
    append(left, l++);
    both.partitions.back() += right.partitions[r];
    add_scaled(both.sums.data() + both.sums.size() - size, 1.0f, right.sums.data() + r * size,
               size);
  }
  for (; l < left.rows.size(); ++l) append(left, l);
  return both;
}

void put_means(std::vector<float>& matrix, const SkipGramPass::RowSums& total, std::size_t size) {
  for (std::size_t i = 0; i < total.rows.size(); ++i) {
    const auto partitions = static_cast<float>(total.partitions[i]);
    for (std::size_t j = 0; j < size; ++j)
      matrix[total.rows[i] * size + j] = total.sums[i * size + j] / partitions;
  }
}

}  // namespace

WordVectors initial_word_vectors(std::size_t words, std::size_t size, std::uint64_t seed) {
  WordVectors vectors;
  vectors.words.resize(words * size);
  vectors.nodes.resize(words > 1 ? (words - 1) * size : 0);
  for (std::size_t word = 0; word < words; ++word) {
    const Random random(seed, Purpose::Word2Vec, word);
    for (std::size_t j = 0; j < size; ++j)
      vectors.words[word * size + j] = (random.uniform(j) - 0.5f) / static_cast<float>(size);
  }
  return vectors;
}

SkipGramPass::Partial SkipGramPass::map(const Partition& partition) const {
  const auto rows = known_words(partition.get<Tokens>(options_.column), vocabulary_);
  double all = 0, done = 0;  // words
  for (const auto& words : rows) all += static_cast<double>(words.size());
  Trainer trainer(start_, options_.size);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto& words = rows[row];
    // The upper half of the counter is the pass, from 1: initial vectors have it 0.
    const Random random(options_.seed, Purpose::Word2Vec, partition.row_ids[row]);
    const std::uint64_t draws = (std::uint64_t{pass_} + 1) << 32;
    for (std::size_t at = 0; at < words.size(); ++at, done += 1) {
      const double left = 1 - (pass_ + done / all) / options_.passes;
      const auto rate = static_cast<float>(options_.step_size * std::max(left, kLeastRate));
      const std::size_t reach = 1 + random.below(draws + at, options_.window);
      for_each_neighbour(at, reach, options_.sentence_words, words.size(),
                         [&](std::size_t i) { trainer.learn(words[i], codes_[words[at]], rate); });
    }
  }
  return trainer.changed();
}

SkipGramPass::Partial SkipGramPass::merge(Partial left, const Partial& right) const {
  return {merged(left.words, right.words, options_.size),
          merged(left.nodes, right.nodes, options_.size)};
}

WordVectors SkipGramPass::finish(const Partial& total) const {
  WordVectors vectors = start_;
  put_means(vectors.words, total.words, options_.size);
  put_means(vectors.nodes, total.nodes, options_.size);
  return vectors;
}

}  // namespace lockstep::data
