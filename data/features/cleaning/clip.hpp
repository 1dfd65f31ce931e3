#pragma once
/// Clip: cuts the numbers of a column to a range.

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// Changes the column in place; NaN and missing values stay. A column of integers or categories
/// becomes one of plain numbers if a bound is none of them.
class Clip final : public FeatureStage {
 public:
  /// @throws ConfigError if there is no bound, a bound is NaN, or min > max
  Clip(const proto::Clip& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.column()}; }
  Schema output_schema(const Schema& input) const override;
  Effect transform(Partition& partition, Phase phase) const override;  ///< rows "clipped"
  proto::Stage save() const override;

 private:
  proto::Clip config_;
  std::string at_;
  double min_, max_;  // infinite where there is no bound
};

}  // namespace lockstep::data
