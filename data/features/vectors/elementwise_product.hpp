#pragma once
/// ElementwiseProduct: each row times a fixed vector, number by number.

#include <string>

#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {

/// out_j = x_j * scaling_vec_j. Sparse stays sparse.
class ElementwiseProduct final : public VectorStage {
 public:
  /// `at` is the config path of the message. @throws ConfigError without a scaling_vec
  ElementwiseProduct(const proto::ElementwiseProduct& config, std::string at);

  proto::Stage save() const override;

 private:
  std::optional<std::size_t> width() const override;
  ColumnType output_type(const ColumnType& type) const override { return rescaled(type); }
  Column map(const Column& column, std::size_t rows) const override;

  proto::ElementwiseProduct config_;
};

}  // namespace lockstep::data
