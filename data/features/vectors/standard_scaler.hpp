#pragma once
/// StandardScaler: (x - mean) / standard deviation of each feature.

#include <string>

#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {

/// out = (x - mean, if with_mean) * (1 / std, if with_std), std being the sample's (n - 1). A
/// feature with std 0 becomes 0, centred or not. A NaN among the training rows makes mean and std
/// of its feature NaN. Sparse stays sparse without with_mean.
class StandardScaler final : public ScalerStage<proto::StandardScaler> {
 public:
  /// `at` is the config path of the message, for example "stage[0].standard_scaler".
  /// @throws ConfigError if the lists of its model do not fit
  StandardScaler(const proto::StandardScaler& config, std::string at);

  void fit(const TrainingRows& fitting) override;

 private:
  std::optional<std::size_t> width() const override;
  Column map(const Column& column, std::size_t rows) const override;
};

}  // namespace lockstep::data
