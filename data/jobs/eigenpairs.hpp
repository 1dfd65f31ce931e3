#pragma once
/// The largest eigenvalues of a symmetric matrix and their directions.

#include <cstddef>
#include <span>
#include <vector>

namespace lockstep::data {

struct EigenPairs {
  std::vector<double> values;  ///< [k] descending
  std::vector<double>
      vectors;  ///< [n, k] row-major: column i belongs to value i and has length 1;
                ///< its entry of largest magnitude (the first of equals) is positive
};

/// The k largest eigenpairs of the symmetric [n, n] matrix of which `upper` holds the rows from the
/// diagonal on: row 0 has n numbers, row n - 1 has one. All finite, 1 <= k <= n. Small matrices (n
/// up to 1000) are solved whole, O(n^3); of large ones a few pairs are found by implicitly
/// restarted Lanczos, to residuals of 1e-13 of the trace. Local, one thread, the same bits
/// everywhere.
EigenPairs largest_eigenpairs(std::span<const double> upper, std::size_t n, std::size_t k);

}  // namespace lockstep::data
