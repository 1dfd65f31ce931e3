#pragma once
/// Which bucket a number falls into: what Bucketizer and QuantileDiscretizer share.

#include <string>
#include <vector>

#include "core/proto/stage.pb.h"
#include "data/stage.hpp"

namespace lockstep::data {

/// Bucket i of a column is [split i, split i + 1), the last one with its upper end. NaN stops the
/// job, drops the row (SKIP; missing numbers do, too) or falls into a bucket behind the last
/// (KEEP). A missing number stays missing but under SKIP. A number outside the splits is always an
/// error.
class Buckets {
 public:
  Buckets(std::vector<ColumnPair> pairs, proto::HandleInvalid invalid)
      : pairs_(std::move(pairs)), invalid_(invalid) {}

  const std::vector<ColumnPair>& pairs() const noexcept { return pairs_; }
  std::vector<std::string> input_columns() const;

  /// The splits of each pair, ascending, without NaN.
  void set_splits(std::vector<std::vector<double>> splits) { splits_ = std::move(splits); }
  bool has_splits() const noexcept { return !splits_.empty(); }

  /// Adds the output columns: nominal, a label a bucket, as in "[0.0, 10.0)"; nothing is known of
  /// them before set_splits(). @throws ConfigError
  Schema output_schema(const Schema& input) const;

  /// Adds the output columns. @throws DataError naming the row
  Effect transform(Partition& partition) const;

 private:
  std::vector<std::string> labels(std::size_t pair) const;
  double bucket(const Partition& partition, std::size_t row, std::size_t pair, double value,
                std::vector<bool>& keep) const;

  std::vector<ColumnPair> pairs_;
  proto::HandleInvalid invalid_;
  std::vector<std::vector<double>> splits_;  // one list a pair; empty: not known yet
};

/// Where splits are written down. @throws ConfigError naming `field` unless they ascend and are at
/// least `least`
std::vector<double> checked_splits(const google::protobuf::RepeatedField<double>& splits, int least,
                                   const std::string& field);

}  // namespace lockstep::data
