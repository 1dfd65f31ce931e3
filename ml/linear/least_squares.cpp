#include "ml/linear/least_squares.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "core/products.hpp"
#include "core/simd.hpp"

namespace lockstep::ml {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using Index = Eigen::Index;

LOCKSTEP_SIMD void add_scaled(double* sum, const double* x, double factor, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sum[i] += factor * x[i];
}

/// Calls use(x, y, w) for each row; x is dense, d numbers.
template <typename Use>
void for_each_row(const data::Partition& partition, const RegressionColumns& columns, std::size_t d,
                  const Use& use) {
  const auto& features = partition.column(columns.features);
  const auto& labels = partition.get<data::Numbers>(columns.label).values;
  const auto* weights =
      columns.weight.empty() ? nullptr : &partition.get<data::Numbers>(columns.weight).values;
  std::vector<double> x(d);
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    const double weight = weights == nullptr ? 1 : (*weights)[row];
    if (weight == 0) continue;
    data::copy_row(features, row, x.data());
    use(x, labels[row], weight);
  }
}

}  // namespace

double LinearFunction::operator()(const data::Column& features, std::size_t row) const {
  double sum = 0;
  data::for_each_entry(features, row, [&](std::size_t j, double x) { sum += x * coefficients[j]; });
  return sum + intercept;
}

void SumRows::map(const data::Partition& partition, std::span<double> sums) const {
  for_each_row(partition, columns_, d_, [&](const std::vector<double>& x, double y, double w) {
    add_scaled(sums.data(), x.data(), w, d_);
    sums[d_] += w * y;
    sums[d_ + 1] += w;
    sums[d_ + 2] += 1;
  });
}

SumRows::Result SumRows::finish(const std::vector<double>& sums) const {
  Result result;
  result.weight = sums[d_ + 1];
  result.rows = sums[d_ + 2];
  result.mean.assign(sums.begin(), sums.begin() + static_cast<std::ptrdiff_t>(d_));
  for (double& mean : result.mean) mean /= result.weight;
  result.label_mean = sums[d_] / result.weight;
  return result;
}

void SumProducts::map(const data::Partition& partition, std::span<double> sums) const {
  constexpr std::size_t kBlock = 256;  // rows
  const std::size_t d = center_.size();
  std::vector<double> x, y, weights;  // centred; y times its weight
  const auto add_block = [&] {
    const DenseRows<double> rows{weights.size(), d, x};
    add_gram(rows, weights, sums.first(d * d));
    add_transposed(rows, y, 1, sums.subspan(d * d, d));
    x.clear(), y.clear(), weights.clear();
  };
  for_each_row(partition, columns_, d, [&](const std::vector<double>& row, double label, double w) {
    for (std::size_t j = 0; j < d; ++j) x.push_back(row[j] - center_[j]);
    const double centred = label - label_center_;
    y.push_back(w * centred);
    weights.push_back(w);
    sums.back() += w * centred * centred;
    if (weights.size() == kBlock) add_block();
  });
  if (!weights.empty()) add_block();
}

SumProducts::Result SumProducts::finish(const std::vector<double>& sums) const {
  const std::size_t d = center_.size();
  const auto at = [&](std::size_t i) { return sums.begin() + static_cast<std::ptrdiff_t>(i); };
  Result result{{at(0), at(d * d)}, {at(d * d), at(d * d + d)}, sums.back()};
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < i; ++j) result.gram[i * d + j] = result.gram[j * d + i];
  return result;
}

void SumErrors::map(const data::Partition& partition, std::span<double> sums) const {
  const auto& features = partition.column(columns_.features);
  const auto& labels = partition.get<data::Numbers>(columns_.label).values;
  const auto* weights =
      columns_.weight.empty() ? nullptr : &partition.get<data::Numbers>(columns_.weight).values;
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    const double w = weights == nullptr ? 1 : (*weights)[row];
    const double prediction = function_(features, row), error = labels[row] - prediction;
    sums[0] += w * error * error;
    sums[1] += w * std::abs(error);
    sums[2] += w * (prediction - label_mean_) * (prediction - label_mean_);
  }
}

namespace {

/// A symmetric system in units of the features' deviations, over the features that vary.
struct System {
  Matrix matrix;
  Vector right;
  std::vector<Index> features;     ///< that vary
  std::vector<double> deviations;  ///< of all
};

System system_of(const LeastSquares& problem, const SumRows::Result& sums,
                 const SumProducts::Result& centered, const SumProducts::Result& products,
                 double label_deviation) {
  const std::size_t d = sums.mean.size();
  System system;
  for (std::size_t j = 0; j < d; ++j) {
    const double variance = centered.gram[j * d + j] / sums.weight;
    // What rounding leaves of a constant is none.
    const double noise = 1e-14 * std::abs(sums.mean[j]);
    system.deviations.push_back(variance > noise * noise ? std::sqrt(variance) : 0);
    if (system.deviations.back() > 0) system.features.push_back(static_cast<Index>(j));
  }
  const auto n = static_cast<Index>(system.features.size());
  system.matrix.resize(n, n);
  system.right.resize(n);
  for (Index a = 0; a < n; ++a) {
    const auto i = static_cast<std::size_t>(system.features[static_cast<std::size_t>(a)]);
    const double si = system.deviations[i];
    for (Index b = 0; b < n; ++b) {
      const auto j = static_cast<std::size_t>(system.features[static_cast<std::size_t>(b)]);
      system.matrix(a, b) = products.gram[i * d + j] / (sums.weight * si * system.deviations[j]);
    }
    system.right(a) = products.cross[i] / (sums.weight * si);
    if (problem.reg_param > 0)
      system.matrix(a, a) +=
          problem.reg_param / label_deviation / (problem.standardization ? 1 : si * si);
  }
  return system;
}

/// The solution of the smallest norm: directions without spread are left out.
Vector smallest_solution(const System& system) {
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(system.matrix);
  const Vector& values = eigen.eigenvalues();
  const double least = values.size() == 0
                           ? 0
                           : values(values.size() - 1) * static_cast<double>(values.size()) * 1e-13;
  Vector solution = Vector::Zero(values.size());
  for (Index k = 0; k < values.size(); ++k) {
    if (values(k) <= least) continue;
    const Vector direction = eigen.eigenvectors().col(k);
    solution += direction * (direction.dot(system.right) / values(k));
  }
  return solution;
}

/// Whether the factor's pivots tell of a matrix without an inverse.
bool is_singular(const Eigen::LLT<Matrix>& factor) {
  if (factor.info() != Eigen::Success) return true;
  const auto pivots = factor.matrixLLT().diagonal();
  return pivots.size() > 0 && pivots.minCoeff() < 1e-7 * pivots.maxCoeff();
}

/// Diagonal of the inverse of sum w x x', and of the intercept's row.
std::vector<double> inverse_diagonal(const LeastSquares& problem, const SumRows::Result& sums,
                                     const System& system, const Eigen::LLT<Matrix>& factor) {
  const auto n = system.matrix.rows();
  const Matrix inverse = factor.solve(Matrix::Identity(n, n));
  std::vector<double> diagonal(sums.mean.size(), 0);
  Vector scaled_mean(n);
  for (Index a = 0; a < n; ++a) {
    const auto j = static_cast<std::size_t>(system.features[static_cast<std::size_t>(a)]);
    const double s = system.deviations[j];
    diagonal[j] = inverse(a, a) / (sums.weight * s * s);
    scaled_mean(a) = sums.mean[j] / s;
  }
  if (problem.fit_intercept)
    diagonal.push_back((1 + scaled_mean.dot(inverse * scaled_mean)) / sums.weight);
  return diagonal;
}

}  // namespace

Solution solve(const LeastSquares& problem, const SumRows::Result& sums,
               const SumProducts::Result& centered, const SumProducts::Result* raw) {
  const auto& products = problem.fit_intercept || raw == nullptr ? centered : *raw;
  Solution solution;
  solution.function.coefficients.assign(sums.mean.size(), 0);
  double label_deviation = std::sqrt(centered.label / sums.weight);
  const bool constant = !(label_deviation > 1e-14 * std::abs(sums.label_mean));
  if (constant && problem.fit_intercept) {  // Spark's result, also where the constant is 0
    solution.function.intercept = sums.label_mean;
    return solution;
  }
  if (constant) label_deviation = std::abs(sums.label_mean);
  const System system = system_of(problem, sums, centered, products, label_deviation);
  const Eigen::LLT<Matrix> factor(system.matrix);
  solution.collinear = is_singular(factor);
  const Vector scaled =
      solution.collinear ? smallest_solution(system) : Vector(factor.solve(system.right));
  for (Index a = 0; a < scaled.size(); ++a) {
    const auto j = static_cast<std::size_t>(system.features[static_cast<std::size_t>(a)]);
    solution.function.coefficients[j] = scaled(a) / system.deviations[j];
  }
  if (problem.fit_intercept) {
    solution.function.intercept = sums.label_mean;
    for (std::size_t j = 0; j < sums.mean.size(); ++j)
      solution.function.intercept -= sums.mean[j] * solution.function.coefficients[j];
  }
  if (!solution.collinear && !(problem.reg_param > 0))
    solution.inverse_diagonal = inverse_diagonal(problem, sums, system, factor);
  return solution;
}

}  // namespace lockstep::ml
