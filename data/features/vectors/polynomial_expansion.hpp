#pragma once
/// PolynomialExpansion: all products of up to `degree` features.

#include <cstdint>
#include <string>
#include <vector>

#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {

/// d features become C(d + degree, degree) - 1 products, without the constant. Order: the products
/// of the first d - 1 features, then those times x_d (up to degree - 1 for them), then those times
/// x_d^2 and so on: x, x^2, y, x*y, y^2. A further feature therefore only appends products, and
/// rows of any width are taken. Zeros give zeros: sparse stays sparse. Formula and order: Spark ML.
class PolynomialExpansion final : public VectorStage {
 public:
  /// `at` is the config path of the message. @throws ConfigError if degree is 0
  PolynomialExpansion(const proto::PolynomialExpansion& config, std::string at);

  proto::Stage save() const override;

 private:
  /// @throws ConfigError if the products would be more than 2^31 - 1
  ColumnType output_type(const ColumnType& type) const override;
  Column map(const Column& column, std::size_t rows) const override;

  /// terms[v][k]: products of the first v features up to degree k, with the constant.
  std::vector<std::vector<std::uint64_t>> term_counts(std::size_t features) const;

  proto::PolynomialExpansion config_;
};

}  // namespace lockstep::data
