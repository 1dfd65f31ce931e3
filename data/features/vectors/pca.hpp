#pragma once
/// PCA: each row in the directions of largest variance.

#include <string>

#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {

/// d features become k. The directions are those eigenvectors of the covariance (n - 1, centred)
/// that have the k largest eigenvalues; of each the entry of largest magnitude (the first of
/// equals) is positive. out = x . pc, or (x - mean) . pc with center_output. Explained variance is
/// each eigenvalue's share of the sum of all. The output is dense.
class PCA final : public VectorStage {
 public:
  /// `at` is the config path of the message.
  /// @throws ConfigError if k is 0, or if the lists of its model do not fit
  PCA(const proto::PCA& config, std::string at);

  /// @throws ConfigError if k or 65535 is less than the features
  /// @throws DataError with less than two rows, or naming a row with NaN or infinity
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.has_model(); }
  proto::Stage save() const override;

 private:
  std::optional<std::size_t> width() const override;
  ColumnType output_type(const ColumnType& type) const override;
  Column map(const Column& column, std::size_t rows) const override;
  void check_features(std::size_t features) const;

  proto::PCA config_;
};

}  // namespace lockstep::data
