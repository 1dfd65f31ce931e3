#pragma once
/// HashingTF: tokens become counts by their hash, without a vocabulary.

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// Sparse vector of num_features numbers: at hash_index(token) (data/features/murmur_hash.hpp) how
/// often it occurs, or 1 if binary. Tokens that share an index are counted together.
class HashingTF final : public FeatureStage {
 public:
  /// `at` is the config path of the message, for example "stage[0].hashing_tf".
  /// @throws ConfigError if num_features is 0
  HashingTF(const proto::HashingTF& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.input_col()}; }
  Schema output_schema(const Schema& input) const override;
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  proto::HashingTF config_;
  std::string at_;
};

}  // namespace lockstep::data
