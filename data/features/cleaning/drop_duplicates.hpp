#pragma once
/// DropDuplicates: keeps the first row, in the order of the source, of those that are equal in some
/// columns. Training rows only: a row that is to be scored is no duplicate.

#include <cstdint>
#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// Two rows are equal if 128-bit hashes (XXH3) of their values are. -0 and 0 are equal, so are all
/// NaN, all missing values, and a sparse and a dense vector of the same numbers; a missing value is
/// neither NaN nor an empty string. fit() finds the duplicates (24 bytes a row on the rank that
/// merges last) and transform() drops them; a stage that was loaded has no training rows and drops
/// nothing.
class DropDuplicates final : public FeatureStage {
 public:
  /// @throws ConfigError if a column is named twice
  DropDuplicates(const proto::DropDuplicates& config, std::string at);

  std::vector<std::string> input_columns() const override;   ///< those named
  Schema output_schema(const Schema& input) const override;  ///< the input's
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return fitted_; }
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;  ///< the config: nothing was learnt of other rows

 private:
  proto::DropDuplicates config_;
  std::string at_;
  bool fitted_ = false;
  std::vector<std::uint64_t> dropped_;  // row ids, ascending
};

}  // namespace lockstep::data
