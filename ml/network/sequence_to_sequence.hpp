#pragma once
/// Sequence to sequence as an estimator: the network that it trains, and texts made of what that
/// writes. Local.

#include <google/protobuf/repeated_field.h>

#include <string>
#include <vector>

#include "core/problems.hpp"
#include "core/proto/network.pb.h"
#include "core/proto/sequence_to_sequence.pb.h"
#include "core/proto/stage.pb.h"
#include "data/table.hpp"
#include "layers/network.hpp"

namespace lockstep::ml {

using Stages = google::protobuf::RepeatedPtrField<proto::Stage>;

/// The network it trains: one encoder_decoder layer, its vocabularies still open.
proto::Network network_of(const proto::SequenceToSequence& config);

/// What can be said before any schema is known. Adds to `problems`. `stages` are all of the
/// experiment.
void check_sequence_to_sequence(const proto::SequenceToSequence& config, const Stages& stages,
                                const std::string& at, Problems& problems);

/// Fills in what the columns tell: vocabularies, length of the target. @throws ConfigError if they
/// do not
void fill_from_columns(proto::EncoderDecoder& config, const proto::Network& network,
                       const data::Schema& schema, const std::string& at);

/// The token column whose words the target's ids are of. Empty for other estimators, and where no
/// token_indexer stage makes the target column.
std::string reference_col(const proto::Stage& estimator, const Stages& stages);

/// How texts are written, and what words their ids are.
class TargetTexts {
 public:
  /// `stages` as fitted; `longest`: words of the longest target. @throws ConfigError
  /// if no token_indexer stage makes the target column
  TargetTexts(const proto::SequenceToSequence& config, const Stages& stages, std::size_t longest,
              const std::string& at);

  const layers::WritingOptions& options() const noexcept { return options_; }

  /// The words of a text; pieces of words are joined.
  std::vector<std::string> words(const layers::WrittenText& ids) const;

 private:
  layers::WritingOptions options_;
  std::vector<std::string> words_;  // by id - TokenIndexer::kFirstWord
  bool pieces_ = false;
};

}  // namespace lockstep::ml
