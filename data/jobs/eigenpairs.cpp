#include "data/jobs/eigenpairs.hpp"

#include <Spectra/SymEigsSolver.h>
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

using Eigen::Index;

constexpr std::size_t kMostWhole = 1000;
constexpr std::size_t kFew = 8;  // Lanczos if k is at most this part of n
constexpr double kTolerance = 1e-13;
constexpr Index kMostRestarts = 1000;

// Eigen cuts products into blocks by the size of the machine's caches, which would show in the last
// bits: cut by sizes of our own, everywhere the same.
const bool kFixedBlocks = [] {
  Eigen::setCpuCacheSizes(32 * 1024, 512 * 1024, 4 * 1024 * 1024);
  return true;
}();

Eigen::MatrixXd whole(std::span<const double> upper, std::size_t n) {
  const auto size = static_cast<Index>(n);
  Eigen::MatrixXd matrix(size, size);
  std::size_t at = 0;
  for (Index i = 0; i < size; ++i) {
    for (Index j = i; j < size; ++j) matrix(i, j) = matrix(j, i) = upper[at++];
  }
  return matrix;
}

/// A / scale + I times a vector, as Spectra wants it.
class ShiftedSymmetric {
 public:
  using Scalar = double;
  ShiftedSymmetric(std::span<const double> upper, std::size_t n, double scale)
      : upper_(upper), n_(n), scale_(scale) {}

  Index rows() const { return static_cast<Index>(n_); }
  Index cols() const { return static_cast<Index>(n_); }
  void perform_op(const double* x, double* y) const {
    std::fill_n(y, n_, 0.0);
    const double* row = upper_.data();
    for (std::size_t i = 0; i < n_; ++i) {
      double sum = row[0] * x[i];
      for (std::size_t j = i + 1; j < n_; ++j) {
        sum += row[j - i] * x[j];
        y[j] += row[j - i] * x[i];
      }
      y[i] += sum;
      row += n_ - i;
    }
    for (std::size_t i = 0; i < n_; ++i) y[i] = y[i] / scale_ + x[i];
  }

 private:
  std::span<const double> upper_;
  std::size_t n_;
  double scale_;
};

double trace_of(std::span<const double> upper, std::size_t n) {
  double trace = 0;
  for (std::size_t i = 0, at = 0; i < n; at += n - i, ++i) trace += upper[at];
  return trace;
}

/// Column i of `vectors` is of value i, descending.
struct Solution {
  Eigen::VectorXd values;
  Eigen::MatrixXd vectors;
};

Solution solve_whole(std::span<const double> upper, std::size_t n, std::size_t k) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(whole(upper, n));
  if (solver.info() != Eigen::Success)
    throw NumericError("the eigenvalues of the covariance were not found");
  const auto few = static_cast<Index>(k);
  return {solver.eigenvalues().tail(few).reverse(),
          solver.eigenvectors().rightCols(few).rowwise().reverse()};
}

/// Nothing if Lanczos does not converge. Spectra measures residuals against their eigenvalue and
/// takes lengths below epsilon for 0: with the trace as unit and 1 added to all eigenvalues, both
/// are measured against the trace. Neither changes the directions, nor the steps to find them.
std::optional<Solution> solve_few(std::span<const double> upper, std::size_t n, std::size_t k) {
  const double trace = trace_of(upper, n);
  if (!(trace > 0)) return std::nullopt;
  ShiftedSymmetric matrix(upper, n, trace);
  const std::size_t basis = std::min(n, std::max<std::size_t>(2 * k + 1, 20));
  Spectra::SymEigsSolver<ShiftedSymmetric> solver(matrix, static_cast<Index>(k),
                                                  static_cast<Index>(basis));
  solver.init();
  solver.compute(Spectra::SortRule::LargestAlge, kMostRestarts, kTolerance,
                 Spectra::SortRule::LargestAlge);
  if (solver.info() != Spectra::CompInfo::Successful) return std::nullopt;
  return Solution{(solver.eigenvalues().array() - 1) * trace, solver.eigenvectors()};
}

void fix_sign(Eigen::Ref<Eigen::VectorXd> vector) {
  Index largest = 0;
  for (Index i = 1; i < vector.size(); ++i)
    if (std::abs(vector(i)) > std::abs(vector(largest))) largest = i;
  if (vector(largest) < 0) vector = -vector;
}

}  // namespace

EigenPairs largest_eigenpairs(std::span<const double> upper, std::size_t n, std::size_t k) {
  expects(kFixedBlocks && k >= 1 && k <= n && upper.size() == n * (n + 1) / 2, "1 <= k <= n");
  std::optional<Solution> solution;
  if (n > kMostWhole && k <= n / kFew) solution = solve_few(upper, n, k);
  if (!solution) solution = solve_whole(upper, n, k);
  EigenPairs pairs{{solution->values.data(), solution->values.data() + k}, {}};
  pairs.vectors.resize(n * k);
  for (std::size_t i = 0; i < k; ++i) {
    const auto column = static_cast<Index>(i);
    fix_sign(solution->vectors.col(column));
    for (std::size_t j = 0; j < n; ++j)
      pairs.vectors[j * k + i] = solution->vectors(static_cast<Index>(j), column);
  }
  return pairs;
}

}  // namespace lockstep::data
