#pragma once
/// SelectColumns: keeps some columns, in the order given, and forgets the others.

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

class SelectColumns final : public FeatureStage {
 public:
  /// @throws ConfigError if no column is named, or one twice
  SelectColumns(const proto::SelectColumns& config, std::string at);

  std::vector<std::string> input_columns() const override;
  Schema output_schema(const Schema& input) const override;
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  proto::SelectColumns config_;
  std::string at_;
};

}  // namespace lockstep::data
