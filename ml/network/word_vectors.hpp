#pragma once
/// Vectors of words that embeddings start with: embedding { from_stage } and { from_file }.

#include <string>

#include "core/problems.hpp"
#include "core/proto/experiment.pb.h"
#include "data/pipeline.hpp"
#include "layers/network.hpp"
#include "ml/context.hpp"

namespace lockstep::ml {

/// What can be said before any row is read: the stages are there, and their vectors fit. `at` is
/// the config path of the stage, without its kind. Local; adds to `problems`.
void check_word_vectors(const proto::Stage& stage, const std::string& at,
                        const proto::Experiment& experiment, Problems& problems);

/// COLLECTIVE. Gives the network's embeddings the vectors that they ask for (Network::start_with).
/// The words of `input_col` are those of the token_indexer that made it, in the fitted pipeline.
/// The driver reads files and logs how many words were found. @throws AgreedError
void start_with_word_vectors(const Context& context, const data::Pipeline& pipeline,
                             const std::string& input_col, layers::Network& network);

}  // namespace lockstep::ml
