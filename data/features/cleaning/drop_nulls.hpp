#pragma once
/// DropNulls: drops the rows in which values are missing. Spark's na.drop: NaN counts as missing.

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

class DropNulls final : public FeatureStage {
 public:
  /// @throws ConfigError if how and min_non_null are both given, or a column is named twice
  DropNulls(const proto::DropNulls& config, std::string at);

  std::vector<std::string> input_columns() const override;   ///< those named
  Schema output_schema(const Schema& input) const override;  ///< the input's
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  proto::DropNulls config_;
  std::string at_;
};

}  // namespace lockstep::data
