#pragma once
/// Imputer: fills missing numbers with the mean, the median or the most frequent value.

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// Empty cells are missing, and what missing_value says: NaN by default; if a number is given, NaN
/// stays NaN. What is filled in is learnt from the other numbers of the column, NaN never among
/// them: the mean (cut to a whole number in an integer column), the median (of an even count the
/// lower middle) or the mode (the smallest of equally frequent values; needs memory for every
/// different value). The output has the type of the input and may take its place.
class Imputer final : public FeatureStage {
 public:
  /// `at` is the config path of the message.
  /// @throws ConfigError if the columns or the model do not pair up
  Imputer(const proto::Imputer& config, std::string at);

  std::vector<std::string> input_columns() const override;
  /// @throws ConfigError for the mean of a true/false column, too
  Schema output_schema(const Schema& input) const override;
  /// @throws DataError if a column has no value, or its mean is infinite
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.surrogate_size() != 0; }
  Effect transform(Partition& partition, Phase phase) const override;  ///< rows with a filled gap
  proto::Stage save() const override;

 private:
  std::vector<double> learn(const TrainingRows& fitting) const;
  const ColumnType& input_type(const Schema& schema, std::size_t pair) const;

  proto::Imputer config_;
  std::string at_;
  std::vector<ColumnPair> pairs_;
};

}  // namespace lockstep::data
