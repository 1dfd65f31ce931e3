#pragma once
/// DCT: the discrete cosine transform of each row.

#include <string>

#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {

/// DCT-II with the scale that makes the transform a rotation, n numbers a row:
///   out_k = sqrt((k = 0 ? 1 : 2) / n) * sum over i of x_i cos(pi (2 i + 1) k / (2 n));
/// with `inverse` its transpose (DCT-III), which undoes it. The output is dense. n is settled by
/// the training rows; sparse rows may lack trailing zeros.
class DCT final : public VectorStage {
 public:
  /// `at` is the config path of the message.
  DCT(const proto::DCT& config, std::string at);

  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.has_num_features(); }
  proto::Stage save() const override;

 private:
  std::optional<std::size_t> width() const override;
  ColumnType output_type(const ColumnType& type) const override;
  Column map(const Column& column, std::size_t rows) const override;

  proto::DCT config_;
};

}  // namespace lockstep::data
