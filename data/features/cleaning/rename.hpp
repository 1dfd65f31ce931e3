#pragma once
/// Rename: a column gets another name and keeps its place.

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

class Rename final : public FeatureStage {
 public:
  /// @throws ConfigError if a name is missing
  Rename(const proto::Rename& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.column()}; }
  Schema output_schema(const Schema& input) const override;
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  proto::Rename config_;
  std::string at_;
};

}  // namespace lockstep::data
