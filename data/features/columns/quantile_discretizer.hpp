#pragma once
/// QuantileDiscretizer: buckets that hold about equally many rows.

#include <string>
#include <vector>

#include "data/features/columns/buckets.hpp"

namespace lockstep::data {

/// The splits of n buckets are the exact quantiles at 1/n, 2/n, ... of the training rows
/// (data/features/quantiles.hpp) between -inf and inf; equal ones become one, so that there may be
/// fewer buckets. Missing numbers and NaN are not looked at. Otherwise a Bucketizer.
class QuantileDiscretizer final : public FeatureStage {
 public:
  /// `at` is the config path of the message.
  /// @throws ConfigError if the columns, num_buckets_array or the model do not pair up, or fewer
  /// than 2 buckets are wanted
  QuantileDiscretizer(const proto::QuantileDiscretizer& config, std::string at);

  std::vector<std::string> input_columns() const override { return buckets_.input_columns(); }
  Schema output_schema(const Schema& input) const override { return buckets_.output_schema(input); }
  /// @throws DataError if a column has no value
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return buckets_.has_splits(); }
  Effect transform(Partition& partition, Phase) const override {
    return buckets_.transform(partition);
  }
  proto::Stage save() const override;

 private:
  std::uint32_t wanted_buckets(std::size_t pair) const;
  void read_model();

  proto::QuantileDiscretizer config_;
  std::string at_;
  Buckets buckets_;
};

}  // namespace lockstep::data
