#pragma once
/// Arithmetic: a new number column from two operands, or one.

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// IEEE arithmetic in double: 1 / 0 is infinite, the root of -1 is NaN. LOG1P is log(1 + x), exact
/// near 0. Where an operand is missing the result is missing. Sums, differences and products of
/// integers are integers.
class Arithmetic final : public FeatureStage {
 public:
  /// @throws ConfigError if the operation has too many or too few operands
  Arithmetic(const proto::Arithmetic& config, std::string at);

  std::vector<std::string> input_columns() const override;
  Schema output_schema(const Schema& input) const override;
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  proto::Arithmetic config_;
  std::string at_;
};

}  // namespace lockstep::data
