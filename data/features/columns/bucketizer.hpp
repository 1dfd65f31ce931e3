#pragma once
/// Bucketizer: the number of the bucket a value falls into, with splits from the config.

#include <string>
#include <vector>

#include "data/features/columns/buckets.hpp"

namespace lockstep::data {

/// For what buckets are and what becomes of NaN, missing and outside numbers see Buckets. `splits`
/// are those of every column, or splits_array has one list a column.
class Bucketizer final : public FeatureStage {
 public:
  /// `at` is the config path of the message.
  /// @throws ConfigError if the columns do not pair up, or splits are missing, fewer than 3 or not
  /// ascending
  Bucketizer(const proto::Bucketizer& config, std::string at);

  std::vector<std::string> input_columns() const override { return buckets_.input_columns(); }
  Schema output_schema(const Schema& input) const override { return buckets_.output_schema(input); }
  Effect transform(Partition& partition, Phase) const override {
    return buckets_.transform(partition);
  }
  proto::Stage save() const override;

 private:
  proto::Bucketizer config_;
  Buckets buckets_;
};

}  // namespace lockstep::data
