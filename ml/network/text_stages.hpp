#pragma once
/// Which stage made a column of texts: an estimator over ids asks for their words.

#include <string>

#include "core/proto/experiment.pb.h"

namespace lockstep::ml {

/// The stage of one kind that made the column, null if none did. `stages`: any range of
/// proto::Stage; `has` and `get`: of the kind.
template <typename Stages, typename Made>
const Made* maker_of(const Stages& stages, const std::string& column,
                     bool (proto::Stage::*has)() const, const Made& (proto::Stage::*get)() const) {
  for (const proto::Stage& stage : stages) {
    if ((stage.*has)() && (stage.*get)().output_col() == column) return &(stage.*get)();
  }
  return nullptr;
}

template <typename Stages>
const proto::TokenIndexer* indexer_of(const Stages& stages, const std::string& column) {
  using proto::Stage;
  return maker_of(stages, column, &Stage::has_token_indexer, &Stage::token_indexer);
}

template <typename Stages>
const proto::BytePairEncoder* pieces_of(const Stages& stages, const std::string& column) {
  using proto::Stage;
  return maker_of(stages, column, &Stage::has_byte_pair_encoder, &Stage::byte_pair_encoder);
}

template <typename Stages>
const proto::Word2Vec* word2vec_of(const Stages& stages, const std::string& column) {
  using proto::Stage;
  return maker_of(stages, column, &Stage::has_word2vec, &Stage::word2vec);
}

}  // namespace lockstep::ml
