#pragma once
/// How features vary together: the sums of products of their distances from the mean.

#include <cstddef>
#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// The scatter matrix as a job: sum over rows of (x - mean)(x - mean)^T, [d, d], symmetric. Given
/// are its rows from the diagonal on, d (d + 1) / 2 numbers: row 0 has d, row d - 1 has one. Time
/// rows * d^2, sparse or not; memory d^2 / 2 numbers a partition in work.
class ScatterJob {
 public:
  /// `mean` has one number a feature; `field` is the config path for messages.
  ScatterJob(std::string column, std::vector<double> mean, std::string field)
      : column_(std::move(column)), mean_(std::move(mean)), field_(std::move(field)) {}

  using Partial = std::vector<double>;

  /// @throws DataError naming a row that is wider, or holds NaN or infinity
  Partial map(const Partition& partition) const;
  Partial merge(Partial left, const Partial& right) const;
  Partial finish(Partial total) const { return total; }

 private:
  std::string column_;
  std::vector<double> mean_;
  std::string field_;
};

}  // namespace lockstep::data
