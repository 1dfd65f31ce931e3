#pragma once
/// ParseDate: parts of a date or time as new number columns.

#include <string>
#include <vector>

#include "data/features/cleaning/date_pattern.hpp"
#include "data/stage.hpp"

namespace lockstep::data {

/// The column "when" with the parts YEAR and DAY_OF_WEEK makes "when_year" and "when_day_of_week".
/// Dates are those of the Gregorian calendar, times have no zone. What is missing stays missing.
class ParseDate final : public FeatureStage {
 public:
  /// @throws ConfigError if no part is asked for, one twice, or one that the format does not tell
  ParseDate(const proto::ParseDate& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.input_col()}; }
  Schema output_schema(const Schema& input) const override;
  /// Rows "set to missing". @throws DataError naming the row and the text that is no date
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  std::string output_col(int part) const;
  void check_part(int part) const;

  proto::ParseDate config_;
  std::string at_;
  DatePattern pattern_;
};

}  // namespace lockstep::data
