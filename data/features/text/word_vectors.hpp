#pragma once
/// Vectors of words from a file in the common text format: a word and its numbers a line, with
/// spaces or tabs between; the first line may tell how many words and numbers there are, as those
/// of word2vec and fastText do. Plain or packed (data/sources/input.hpp). Local.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "data/features/text/vocabulary.hpp"

namespace lockstep::data {

struct WordVectors {
  std::vector<std::uint32_t> words;  ///< indices in the vocabulary, in the order of the file
  std::vector<float> values;         ///< `width` a word
};

/// The vectors of the words of the vocabulary that the file has; of a word that stands there twice
/// the first one. Words that hold spaces are nobody's and passed over.
/// @throws FileError; DataError with file and line if a vector has not `width` finite numbers
WordVectors read_word_vectors(const std::string& path, const Vocabulary& vocabulary,
                              std::size_t width);

}  // namespace lockstep::data
