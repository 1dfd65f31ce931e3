#pragma once
/// FillNulls: puts a value in place of missing ones. Spark's na.fill: NaN counts as missing.

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// Changes columns in place. A column of integers or categories becomes one of plain numbers if the
/// value is none of them.
class FillNulls final : public FeatureStage {
 public:
  /// @throws ConfigError if no value is given, the number is NaN, or a column is named twice
  FillNulls(const proto::FillNulls& config, std::string at);

  std::vector<std::string> input_columns() const override;  ///< those named
  Schema output_schema(const Schema& input) const override;
  Effect transform(Partition& partition, Phase phase) const override;  ///< rows "filled"
  proto::Stage save() const override;

 private:
  bool fits(ColumnType::Kind kind) const;
  void fill(Column& column, std::vector<bool>& touched) const;
  void fill(Strings& column, std::vector<bool>& touched) const;

  proto::FillNulls config_;
  std::string at_;
};

}  // namespace lockstep::data
