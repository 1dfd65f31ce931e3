#pragma once
/// Sample: keeps a random share of the training rows, each by itself (Bernoulli).

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// A row stays iff 53 random bits of (seed, row id), as a number in [0, 1), are below `fraction`:
/// neither ranks nor other rows have a say. Rows that are to be scored all stay.
class Sample final : public FeatureStage {
 public:
  /// @throws ConfigError if the fraction is not in [0, 1]
  Sample(const proto::Sample& config, std::string at);

  std::vector<std::string> input_columns() const override { return {}; }
  Schema output_schema(const Schema& input) const override { return input; }
  void fit(const TrainingRows& fitting) override;  ///< takes the experiment's seed if it has none
  bool is_fitted() const override { return config_.has_seed(); }
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;  ///< with the seed

 private:
  proto::Sample config_;
  std::string at_;
};

}  // namespace lockstep::data
