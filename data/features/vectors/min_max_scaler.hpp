#pragma once
/// MinMaxScaler: the range of each feature becomes [min, max].

#include <string>

#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {

/// out = (x - smallest) / (largest - smallest) * (max - min) + min, with the extremes of the
/// training rows; values outside are not cut. A feature with one value becomes (min + max) / 2. NaN
/// is passed over in fit and stays NaN. Sparse stays sparse if all zeros stay zeros.
class MinMaxScaler final : public ScalerStage<proto::MinMaxScaler> {
 public:
  /// `at` is the config path of the message.
  /// @throws ConfigError unless min < max, or if the lists of its model do not fit
  MinMaxScaler(const proto::MinMaxScaler& config, std::string at);

  /// @throws DataError if a feature is NaN in all rows
  void fit(const TrainingRows& fitting) override;

 private:
  std::optional<std::size_t> width() const override;
  Column map(const Column& column, std::size_t rows) const override;
  double scaled(std::size_t j, double x) const;
};

}  // namespace lockstep::data
