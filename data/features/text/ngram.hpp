#pragma once
/// NGram: neighbouring tokens joined to one.

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// Token i of the output is the tokens i .. i + n - 1 of the input with blanks between them; a row
/// of t tokens gives max(0, t - n + 1).
class NGram final : public FeatureStage {
 public:
  /// `at` is the config path of the message, for example "stage[0].ngram". @throws ConfigError if n
  /// is 0
  NGram(const proto::NGram& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.input_col()}; }
  Schema output_schema(const Schema& input) const override;
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  proto::NGram config_;
  std::string at_;
};

}  // namespace lockstep::data
