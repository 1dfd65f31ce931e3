#pragma once
/// Binarizer: 1 where a number is larger than a threshold, else 0.

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// Number columns become number columns, vector columns vector columns of the same width; NaN and
/// missing become 0. Sparse vectors stay sparse, but become dense where the threshold is negative:
/// a zero is a 1 then. For those fit() notes the widths. Output features are binary and keep their
/// names.
class Binarizer final : public FeatureStage {
 public:
  /// `at` is the config path of the message.
  /// @throws ConfigError if the columns or thresholds do not pair up, or a threshold is NaN
  Binarizer(const proto::Binarizer& config, std::string at);

  std::vector<std::string> input_columns() const override;
  Schema output_schema(const Schema& input) const override;
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return !any_negative_ || config_.widths_size() != 0; }
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  bool is_negative(std::size_t pair) const { return thresholds_[pair] < 0; }
  ColumnType output_type(std::size_t pair, const ColumnType& type) const;
  Column binarize(const Partition& partition, std::size_t pair) const;

  proto::Binarizer config_;
  std::string at_;
  std::vector<ColumnPair> pairs_;
  std::vector<double> thresholds_;  // one a pair
  bool any_negative_ = false;
};

}  // namespace lockstep::data
