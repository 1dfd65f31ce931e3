#include "data/features/vectors/dct.hpp"

#include <algorithm>
#include <cmath>

namespace lockstep::data {
namespace {

constexpr std::size_t kRowsAtOnce = 32;  // share the cosines, and stay in the cache

/// cos(x) and sin(x) for 0 <= x <= pi / 4 by their Taylor polynomials, which give the same bits on
/// every machine. Error below 2^-52.
double small_cosine(double x) {
  const double z = x * x;
  double sum = 1;
  for (double n = 16; n > 0; n -= 2) sum = 1 - sum * z / (n * (n - 1));
  return sum;
}
double small_sine(double x) {
  const double z = x * x;
  double sum = 1;
  for (double n = 17; n > 1; n -= 2) sum = 1 - sum * z / (n * (n - 1));
  return x * sum;
}

/// cos(pi m / (2 n)) for m = 0 .. 4 n - 1: the whole circle, from its first eighth.
std::vector<double> circle(std::size_t n) {
  std::vector<double> cosines(4 * n);
  for (std::size_t m = 0; m < 4 * n; ++m) {
    const std::size_t half = std::min(m, 4 * n - m);           // cos(2 pi - x) = cos x
    const std::size_t quarter = std::min(half, 2 * n - half);  // cos(pi - x) = -cos x
    const double unit = 3.14159265358979323846 / (2 * static_cast<double>(n));
    const double cosine = 2 * quarter <= n ? small_cosine(unit * static_cast<double>(quarter))
                                           : small_sine(unit * static_cast<double>(n - quarter));
    cosines[m] = half > n ? -cosine : cosine;
  }
  return cosines;
}

/// What a 1 at place j of the input adds to each place of the output.
void fill_basis(const std::vector<double>& cosines, std::size_t j, bool inverse,
                std::vector<double>& basis) {
  const std::size_t n = basis.size();
  const double first = std::sqrt(1 / static_cast<double>(n));
  const double other = std::sqrt(2 / static_cast<double>(n));
  const std::size_t start = inverse ? j : 0, step = inverse ? 2 * j : 2 * j + 1;
  std::size_t m = start;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t frequency = inverse ? j : i;
    basis[i] = (frequency == 0 ? first : other) * cosines[m];
    m += step;
    if (m >= 4 * n) m -= 4 * n;
  }
}

}  // namespace

DCT::DCT(const proto::DCT& config, std::string at)
    : VectorStage(config.input_col(), config.output_col(), std::move(at)), config_(config) {}

std::optional<std::size_t> DCT::width() const {
  if (!is_fitted()) return std::nullopt;
  return config_.num_features();
}

ColumnType DCT::output_type(const ColumnType& type) const {
  ColumnType output = vector_type(type.shape.size());
  output.open_width = type.open_width;
  return output;
}

void DCT::fit(const TrainingRows& fitting) {
  config_.set_num_features(static_cast<std::uint32_t>(training_width(fitting)));
}

Column DCT::map(const Column& column, std::size_t rows) const {
  const std::size_t n = config_.num_features();
  const std::vector<double> input = dense_rows(column, rows, n), cosines = circle(n);
  std::vector<double> output(rows * n), basis(n);
  for (std::size_t begin = 0; begin < rows; begin += kRowsAtOnce) {
    const std::size_t end = std::min(begin + kRowsAtOnce, rows);
    for (std::size_t j = 0; j < n; ++j) {
      fill_basis(cosines, j, config_.inverse(), basis);
      for (std::size_t row = begin; row < end; ++row) {
        const double x = input[row * n + j];
        if (x == 0) continue;
        double* out = output.data() + row * n;
        for (std::size_t k = 0; k < n; ++k) out[k] += x * basis[k];
      }
    }
  }
  return DenseVectors{n, std::move(output)};
}

proto::Stage DCT::save() const {
  proto::Stage stage;
  *stage.mutable_dct() = config_;
  return stage;
}

}  // namespace lockstep::data
