#pragma once
/// Word vectors by skip-gram with hierarchical softmax (Mikolov et al. 2013): one pass over the
/// rows as a job.
///
/// The words near a word shall tell it: for a word w and a neighbour c, the vector of c walks down
/// the Huffman tree to w, and at each inner node a logistic regression on that vector is to choose
/// the right turn. Vectors of words and of inner nodes follow the gradient pair by pair. V = words,
/// D = numbers a vector.

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "data/features/text/huffman.hpp"
#include "data/features/text/vocabulary.hpp"
#include "data/table.hpp"

namespace lockstep::data {

struct WordVectors {
  std::vector<float> words;  ///< [V, D]
  std::vector<float> nodes;  ///< [V - 1, D] of the inner nodes of the tree
};

/// Where the training starts: words uniform in (-1/2, 1/2) / D, nodes 0.
WordVectors initial_word_vectors(std::size_t words, std::size_t size, std::uint64_t seed);

struct SkipGramOptions {
  std::string column;        ///< tokens
  std::size_t size = 0;      ///< D
  std::uint32_t window = 0;  ///< neighbours to each side: 1 .. window, drawn anew for every word
  std::size_t sentence_words =
      0;                 ///< known words of a row that are trained together; longer rows are cut
  double step_size = 0;  ///< falls linearly from this to 1e-4 of it, over all passes
  std::uint32_t passes = 0;
  std::uint64_t seed = 0;
};

/// Every partition trains from the same vectors, in the order of its rows. The result has for each
/// vector the mean over the partitions that changed it. Keeps references: vocabulary, codes and
/// vectors must outlive it.
class SkipGramPass {
 public:
  /// Sums of some rows of a matrix over partitions.
  struct RowSums {
    std::vector<std::uint32_t> rows;        ///< ascending
    std::vector<std::uint32_t> partitions;  ///< in each row's sum
    std::vector<float> sums;                ///< [rows, D]
    static constexpr auto kFields =
        std::make_tuple(&RowSums::rows, &RowSums::partitions, &RowSums::sums);
  };
  struct Partial {
    RowSums words, nodes;
    static constexpr auto kFields = std::make_tuple(&Partial::words, &Partial::nodes);
  };

  /// `pass` counts from 0.
  SkipGramPass(const SkipGramOptions& options, const Vocabulary& vocabulary,
               const std::vector<HuffmanCode>& codes, const WordVectors& start, std::uint32_t pass)
      : options_(options), vocabulary_(vocabulary), codes_(codes), start_(start), pass_(pass) {}

  Partial map(const Partition& partition) const;
  Partial merge(Partial left, const Partial& right) const;
  WordVectors finish(const Partial& total) const;

 private:
  const SkipGramOptions& options_;
  const Vocabulary& vocabulary_;
  const std::vector<HuffmanCode>& codes_;
  const WordVectors& start_;
  std::uint32_t pass_;
};

}  // namespace lockstep::data
