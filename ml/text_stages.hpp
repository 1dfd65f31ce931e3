#pragma once
/// Which stage made a column of texts: an estimator over ids asks for their words.

#include <string>

#include "core/proto/experiment.pb.h"

namespace lockstep::ml {

/// The stage that made the column, null if none did. `stages`: any range of proto::Stage.
template <typename Stages>
const proto::TokenIndexer* indexer_of(const Stages& stages, const std::string& column) {
  for (const proto::Stage& stage : stages) {
    if (stage.has_token_indexer() && stage.token_indexer().output_col() == column)
      return &stage.token_indexer();
  }
  return nullptr;
}

template <typename Stages>
const proto::BytePairEncoder* pieces_of(const Stages& stages, const std::string& column) {
  for (const proto::Stage& stage : stages) {
    if (stage.has_byte_pair_encoder() && stage.byte_pair_encoder().output_col() == column)
      return &stage.byte_pair_encoder();
  }
  return nullptr;
}

template <typename Stages>
const proto::Word2Vec* word2vec_of(const Stages& stages, const std::string& column) {
  for (const proto::Stage& stage : stages) {
    if (stage.has_word2vec() && stage.word2vec().output_col() == column) return &stage.word2vec();
  }
  return nullptr;
}

}  // namespace lockstep::ml
