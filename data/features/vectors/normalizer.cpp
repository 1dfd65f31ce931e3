#include "data/features/vectors/normalizer.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"
#include "core/math.hpp"

namespace lockstep::data {
namespace {

/// The largest absolute value, or NaN.
double largest_of(std::span<const double> values) {
  double largest = 0;
  for (const double x : values)
    if (!(std::abs(x) <= largest)) largest = std::isnan(largest) ? largest : std::abs(x);
  return largest;
}

void normalize(std::span<double> values, double p) {
  const double norm = p_norm(values, p);
  if (norm == 0) return;
  for (double& x : values) x /= norm;
}

}  // namespace

double p_norm(std::span<const double> values, double p) {
  const double largest = largest_of(values);
  if (std::isinf(p) || largest == 0 || !std::isfinite(largest)) return largest;
  double sum = 0;
  if (p == 1) {
    for (const double x : values) sum += std::abs(x);
    return sum;
  }
  if (p == 2) {
    for (const double x : values) sum += x * x;
    return std::sqrt(sum);
  }
  for (const double x : values) sum += exp_exact(p * log_exact(std::abs(x) / largest));
  return largest * exp_exact(log_exact(sum) / p);
}

Normalizer::Normalizer(const proto::Normalizer& config, std::string at_path)
    : VectorStage(config.input_col(), config.output_col(), std::move(at_path)), config_(config) {
  if (!(config_.p() >= 1)) {
    throw ConfigError(fmt::format("p is {}", config_.p()), {.field = at() + ".p"},
                      "it must be at least 1");
  }
}

Column Normalizer::map(const Column& column, std::size_t rows) const {
  if (const auto* sparse = std::get_if<SparseVectors>(&column)) {
    std::vector<double> values(sparse->values.begin(), sparse->values.end());
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t begin = sparse->begin[row], count = sparse->begin[row + 1] - begin;
      normalize(std::span(values).subspan(begin, count), config_.p());
    }
    return SparseVectors{sparse->width, sparse->begin, sparse->indices, std::move(values)};
  }
  const std::size_t features = width_of(column);
  std::vector<double> values = dense_rows(column, rows, features);
  for (std::size_t row = 0; row < rows; ++row)
    normalize(std::span(values).subspan(row * features, features), config_.p());
  return DenseVectors{features, std::move(values)};
}

proto::Stage Normalizer::save() const {
  proto::Stage stage;
  *stage.mutable_normalizer() = config_;
  return stage;
}

}  // namespace lockstep::data
