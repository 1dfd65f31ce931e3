#pragma once
/// RobustScaler: each feature by its median and a range of quantiles, which outliers do not move.

#include <string>

#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {

/// out = (x - median, if with_centering) / (quantile upper - quantile lower, if with_scaling). A
/// range of 0 gives 0. Quantiles are exact (data/features/quantiles.hpp) and pass over NaN. Sparse
/// stays sparse without with_centering.
class RobustScaler final : public ScalerStage<proto::RobustScaler> {
 public:
  /// `at` is the config path of the message.
  /// @throws ConfigError unless 0 < lower < upper < 1, or if the lists of its model do not fit
  RobustScaler(const proto::RobustScaler& config, std::string at);

  /// @throws DataError if a feature is NaN in all rows
  void fit(const TrainingRows& fitting) override;

 private:
  std::optional<std::size_t> width() const override;
  Column map(const Column& column, std::size_t rows) const override;
};

}  // namespace lockstep::data
