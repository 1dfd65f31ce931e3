#include "data/jobs/scatter.hpp"

#include <algorithm>

#include "core/simd.hpp"
#include "data/jobs/vector_columns.hpp"

namespace lockstep::data {
namespace {

constexpr std::size_t kRows = 8;  // added at once, so that a sum is read and written once for them

/// sums[i, j] += the products of columns i and j >= i of rows [kRows, d], in a fixed order.
LOCKSTEP_SIMD void add_products(const double* rows, std::size_t d, double* sums) {
  for (std::size_t i = 0; i < d; ++i) {
    const double* r = rows + i;
    const double a0 = r[0], a1 = r[d], a2 = r[2 * d], a3 = r[3 * d];
    const double a4 = r[4 * d], a5 = r[5 * d], a6 = r[6 * d], a7 = r[7 * d];
    double* __restrict sum = sums;
    for (std::size_t j = 0; j < d - i; ++j) {
      sum[j] += ((a0 * r[j] + a1 * r[d + j]) + (a2 * r[2 * d + j] + a3 * r[3 * d + j])) +
                ((a4 * r[4 * d + j] + a5 * r[5 * d + j]) + (a6 * r[6 * d + j] + a7 * r[7 * d + j]));
    }
    sums += d - i;
  }
}

}  // namespace

ScatterJob::Partial ScatterJob::map(const Partition& partition) const {
  check_widths(partition, column_, mean_.size(), field_);
  check_finite(partition, column_, field_);
  const std::size_t d = mean_.size();
  const Column& column = partition.column(column_);
  Partial sums(d * (d + 1) / 2);
  std::vector<double> block(kRows * d);
  for (std::size_t begin = 0; begin < partition.rows(); begin += kRows) {
    std::fill(block.begin(), block.end(), 0.0);
    const std::size_t count = std::min(kRows, partition.rows() - begin);
    for (std::size_t row = 0; row < count; ++row) {
      double* values = block.data() + row * d;
      copy_row(column, begin + row, values);
      for (std::size_t j = 0; j < d; ++j) values[j] -= mean_[j];
    }
    add_products(block.data(), d, sums.data());
  }
  return sums;
}

ScatterJob::Partial ScatterJob::merge(Partial left, const Partial& right) const {
  for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
  return left;
}

}  // namespace lockstep::data
