#pragma once
/// Replace: puts values in place of others. Spark's na.replace.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// Changes the column in place; every value is replaced once, by the table from -> to. "nan" in a
/// number column stands for NaN; what is missing stays so. A column of integers or categories
/// becomes one of plain numbers if a new value is none of them.
class Replace final : public FeatureStage {
 public:
  /// @throws ConfigError if from and to do not pair up, or a value is replaced twice
  Replace(const proto::Replace& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.column()}; }
  Schema output_schema(const Schema& input) const override;
  Effect transform(Partition& partition, Phase phase) const override;  ///< rows "replaced"
  proto::Stage save() const override;

 private:
  const std::string& to(int i) const { return config_.to(config_.to_size() == 1 ? 0 : i); }
  std::uint64_t replace(Numbers& column) const;
  std::uint64_t replace(Strings& column) const;

  proto::Replace config_;
  std::string at_;
  std::map<std::string, std::string, std::less<>> texts_;
  std::map<double, double> numbers_;  // as far as the values are numbers; without NaN
  bool replaces_nan_ = false;
  double for_nan_ = 0;
};

}  // namespace lockstep::data
