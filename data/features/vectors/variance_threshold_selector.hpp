#pragma once
/// VarianceThresholdSelector: the features that vary.

#include <string>

#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {

/// Keeps, in their order, the features whose sample variance (n - 1) is larger than the threshold;
/// a feature with one value has variance 0, one with a NaN is not kept. No feature at all is an
/// answer, too. Sparse stays sparse.
class VarianceThresholdSelector final : public VectorStage {
 public:
  /// `at` is the config path of the message.
  /// @throws ConfigError if the threshold is negative, or if its model does not fit
  VarianceThresholdSelector(const proto::VarianceThresholdSelector& config, std::string at);

  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.has_model(); }
  proto::Stage save() const override;

 private:
  std::optional<std::size_t> width() const override;
  ColumnType output_type(const ColumnType& type) const override;
  Column map(const Column& column, std::size_t rows) const override;

  proto::VarianceThresholdSelector config_;
};

}  // namespace lockstep::data
