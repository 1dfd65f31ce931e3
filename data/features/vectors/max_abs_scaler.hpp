#pragma once
/// MaxAbsScaler: each feature divided by its largest absolute value.

#include <string>

#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {

/// out = x / largest absolute value of the training rows; a feature of zeros stays. NaN is passed
/// over in fit and stays NaN. Sparse stays sparse.
class MaxAbsScaler final : public ScalerStage<proto::MaxAbsScaler> {
 public:
  /// `at` is the config path of the message.
  MaxAbsScaler(const proto::MaxAbsScaler& config, std::string at);

  /// @throws DataError if a feature is NaN in all rows
  void fit(const TrainingRows& fitting) override;

 private:
  std::optional<std::size_t> width() const override;
  Column map(const Column& column, std::size_t rows) const override;
};

}  // namespace lockstep::data
