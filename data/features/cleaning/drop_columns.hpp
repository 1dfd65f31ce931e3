#pragma once
/// DropColumns: forgets columns.

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

class DropColumns final : public FeatureStage {
 public:
  /// @throws ConfigError if no column is named, or one twice
  DropColumns(const proto::DropColumns& config, std::string at);

  std::vector<std::string> input_columns() const override;
  Schema output_schema(const Schema& input) const override;
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  proto::DropColumns config_;
  std::string at_;
};

}  // namespace lockstep::data
