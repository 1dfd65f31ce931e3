#pragma once
/// Normalizer: each row divided by its p-norm.

#include <string>

#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {

/// out = x / (sum |x_j|^p)^(1/p); for p = infinity, x / largest |x_j|. A row of zeros stays, a NaN
/// makes its row NaN. Sparse stays sparse. Rows of any width.
class Normalizer final : public VectorStage {
 public:
  /// `at` is the config path of the message. @throws ConfigError unless p >= 1
  Normalizer(const proto::Normalizer& config, std::string at);

  proto::Stage save() const override;

 private:
  ColumnType output_type(const ColumnType& type) const override { return rescaled(type); }
  Column map(const Column& column, std::size_t rows) const override;

  proto::Normalizer config_;
};

/// The p-norm of some numbers, 1 <= p <= infinity; NaN if one of them is.
double p_norm(std::span<const double> values, double p);

}  // namespace lockstep::data
