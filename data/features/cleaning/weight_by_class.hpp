#pragma once
/// WeightByClass: a weight column that gives every class the same sum.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// weight = n / (K * n_k): n training rows, K classes, n_k rows of the row's class. The weights of
/// the training rows sum up to n. A row to be scored whose label is missing or of no known class
/// gets a missing weight.
class WeightByClass final : public FeatureStage {
 public:
  static constexpr std::size_t kMostClasses = 10000;

  /// @throws ConfigError if a given model is not whole
  WeightByClass(const proto::WeightByClass& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.label_col()}; }
  Schema output_schema(const Schema& input) const override;
  /// @throws DataError if a label is missing or NaN, or there are more than kMostClasses classes
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.has_model(); }
  /// @throws DataError naming a training row whose class was not there at fit()
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  void read_model();

  proto::WeightByClass config_;
  std::string at_;
  std::map<std::string, double, std::less<>> of_text_;
  std::map<double, double> of_number_;  // as far as the labels are numbers
};

}  // namespace lockstep::data
