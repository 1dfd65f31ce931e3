#pragma once
/// Weighted least squares by the normal equations: the jobs that sum moments and residuals over the
/// rows, and the solution. Local. d = features, W = sum of the weights.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/table.hpp"

namespace lockstep::ml {

/// x b + b0.
struct LinearFunction {
  std::vector<double> coefficients;  ///< [d]
  double intercept = 0;

  /// Of a row of a number or vector column of width d.
  double operator()(const data::Column& features, std::size_t row) const;
};

/// Which columns the jobs read; `weight` may be empty.
struct RegressionColumns {
  std::string features, label, weight;
};

/// Weighted sums of x and y: a vector job (dist/vector_job.hpp).
class SumRows {
 public:
  struct Result {
    double rows = 0, weight = 0;
    std::vector<double> mean;  ///< [d]
    double label_mean = 0;
  };

  SumRows(RegressionColumns columns, std::size_t d) : columns_(std::move(columns)), d_(d) {}
  std::size_t length() const { return d_ + 3; }
  void map(const data::Partition& partition, std::span<double> sums) const;
  Result finish(const std::vector<double>& sums) const;

 private:
  RegressionColumns columns_;
  std::size_t d_;
};

/// Weighted second moments about `center`, the means or zero: a vector job. Centred first, so that
/// large means cost no digits.
class SumProducts {
 public:
  struct Result {
    std::vector<double> gram;   ///< [d, d] sum w (x - m)(x - m)', both triangles
    std::vector<double> cross;  ///< [d] sum w (x - m)(y - my)
    double label = 0;           ///< sum w (y - my)^2
  };

  SumProducts(RegressionColumns columns, std::vector<double> center, double label_center)
      : columns_(std::move(columns)), center_(std::move(center)), label_center_(label_center) {}
  std::size_t length() const { return center_.size() * (center_.size() + 1) + 1; }
  void map(const data::Partition& partition, std::span<double> sums) const;
  Result finish(const std::vector<double>& sums) const;

 private:
  RegressionColumns columns_;
  std::vector<double> center_;
  double label_center_;
};

/// Weighted sums of errors of a function: a vector job.
class SumErrors {
 public:
  struct Result {
    double squares = 0, absolute = 0;
    double explained = 0;  ///< sum w (prediction - mean of y)^2
  };

  SumErrors(RegressionColumns columns, const LinearFunction& function, double label_mean)
      : columns_(std::move(columns)), function_(function), label_mean_(label_mean) {}
  std::size_t length() const { return 3; }
  void map(const data::Partition& partition, std::span<double> sums) const;
  Result finish(const std::vector<double>& sums) const { return {sums[0], sums[1], sums[2]}; }

 private:
  RegressionColumns columns_;
  const LinearFunction& function_;
  double label_mean_;
};

/// What is minimised.
struct LeastSquares {
  double reg_param = 0;
  bool fit_intercept = true;
  bool standardization = true;
};

struct Solution {
  LinearFunction function;
  bool collinear = false;  ///< the coefficients are those of the smallest norm
  /// Diagonal of the inverse of X'WX [d], and with an intercept its own; empty where the matrix has
  /// no inverse.
  std::vector<double> inverse_diagonal;
};

/// `centered`: about the means, for deviations and with an intercept; `raw`: about zero, without
/// one. Expects sums over at least one row of positive weight.
Solution solve(const LeastSquares& problem, const SumRows::Result& sums,
               const SumProducts::Result& centered, const SumProducts::Result* raw);

}  // namespace lockstep::ml
