#pragma once
/// BytePairEncoder: words become the pieces of byte pair encoding, whose joins are learnt.

#include <string>
#include <vector>

#include "data/features/text/byte_pairs.hpp"
#include "data/stage.hpp"

namespace lockstep::data {

/// Tokens become pieces, in their order; data/features/byte_pairs.hpp says how. A row without words
/// has no pieces. Every rank learns the joins from the counts of all words.
class BytePairEncoder final : public FeatureStage {
 public:
  /// `at` is the config path of the message, for example "stage[0].byte_pair_encoder".
  /// @throws ConfigError if the lists of a model do not fit together
  BytePairEncoder(const proto::BytePairEncoder& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.input_col()}; }
  Schema output_schema(const Schema& input) const override;
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.has_model(); }
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  proto::BytePairEncoder config_;  // with the model, once there is one
  std::string at_;
  BytePairs pairs_;
};

}  // namespace lockstep::data
