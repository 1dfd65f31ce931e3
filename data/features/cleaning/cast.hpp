#pragma once
/// Cast: changes the type of a column in place.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// To DOUBLE: texts as files write numbers, blanks around them ignored; numbers stay.
/// To INTEGER: towards zero. What is not finite, or beyond 2^53 and so not exact, cannot be cast.
/// To BOOLEAN: numbers but 0 are true; texts "true", "t", "yes", "y", "1" and their opposites in
/// any case. NaN cannot be cast. To STRING: numbers in the way of their column: "1.0", "1" or
/// "true". For that fit() remembers the column's type. Missing stays missing. What cannot be cast
/// is an error, or becomes missing.
class Cast final : public FeatureStage {
 public:
  Cast(const proto::Cast& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.column()}; }
  Schema output_schema(const Schema& input) const override;
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override;
  /// Rows "cast", those missing that cannot be. @throws DataError naming the row and the value that
  /// cannot be cast
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  struct Casting;  // of one partition
  std::optional<double> cast(double value) const;
  std::optional<double> cast(std::string_view text) const;
  std::optional<double> whole(double value) const;

  proto::Cast config_;
  std::string at_;
};

}  // namespace lockstep::data
