#include "data/jobs/moments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.hpp"
#include "data/jobs/vector_columns.hpp"

namespace lockstep::data {
namespace {

Moments empty_moments(std::size_t width) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return {0, std::vector<double>(width), std::vector<double>(width),
          std::vector<double>(width, kInfinity), std::vector<double>(width, -kInfinity)};
}

/// Means and extremes. Returns how many rows have an entry for each feature.
std::vector<std::uint64_t> add_values(const Column& column, std::span<const std::size_t> rows,
                                      Moments& moments) {
  std::vector<std::uint64_t> entries(moments.width());
  for (const std::size_t row : rows) {
    for_each_entry(column, row, [&](std::size_t j, double x) {
      moments.mean[j] += x;
      if (x < moments.min[j]) moments.min[j] = x;
      if (x > moments.max[j]) moments.max[j] = x;
      ++entries[j];
    });
  }
  for (std::size_t j = 0; j < moments.width(); ++j) {
    moments.mean[j] /= static_cast<double>(rows.size());
    if (entries[j] == rows.size()) continue;
    moments.min[j] = std::min(moments.min[j], 0.0);
    moments.max[j] = std::max(moments.max[j], 0.0);
  }
  return entries;
}

}  // namespace

double Moments::sample_variance(std::size_t j) const {
  return rows < 2 ? 0.0 * m2[j] : m2[j] / static_cast<double>(rows - 1);
}

double Moments::max_abs(std::size_t j) const { return std::max(-min[j], max[j]); }

Moments moments_of(const Column& column, std::span<const std::size_t> rows, std::size_t width) {
  Moments moments = empty_moments(width);
  if (rows.empty()) return moments;
  moments.rows = rows.size();
  const std::vector<std::uint64_t> entries = add_values(column, rows, moments);
  std::vector<double> rest(width);  // sum of the distances: 0 but for rounding
  for (const std::size_t row : rows) {
    for_each_entry(column, row, [&](std::size_t j, double x) {
      const double distance = x - moments.mean[j];
      moments.m2[j] += distance * distance;
      rest[j] += distance;
    });
  }
  for (std::size_t j = 0; j < width; ++j) {
    const auto zeros = static_cast<double>(rows.size() - entries[j]);
    if (zeros > 0) {
      moments.m2[j] += zeros * (moments.mean[j] * moments.mean[j]);
      rest[j] -= zeros * moments.mean[j];
    }
    moments.m2[j] -= rest[j] * rest[j] / static_cast<double>(rows.size());
    if (moments.m2[j] < 0) moments.m2[j] = 0;
  }
  return moments;
}

Moments merge(Moments left, const Moments& right) {
  if (right.rows == 0) return left;
  if (left.rows == 0) return right;
  expects(left.width() == right.width(), "moments of one column have one width");
  const auto a = static_cast<double>(left.rows), b = static_cast<double>(right.rows);
  const double share = b / (a + b);
  for (std::size_t j = 0; j < left.width(); ++j) {
    const double distance = right.mean[j] - left.mean[j];
    left.mean[j] += distance * share;
    left.m2[j] += right.m2[j] + distance * distance * (a * share);
    left.min[j] = std::min(left.min[j], right.min[j]);
    left.max[j] = std::max(left.max[j], right.max[j]);
  }
  left.rows += right.rows;
  return left;
}

Moments without_rounding(Moments moments) {
  for (std::size_t j = 0; j < moments.width(); ++j) {
    if (moments.min[j] != moments.max[j] || std::isnan(moments.m2[j])) continue;
    moments.mean[j] = moments.min[j];
    moments.m2[j] = 0;
  }
  return moments;
}

Moments MomentsJob::map(const Partition& partition) const {
  check_widths(partition, column_, width_, field_);
  return moments_of(partition.column(column_), all_rows(partition), width_);
}

void no_values(std::size_t feature, const Schema& schema, const std::string& column,
               const std::string& field) {
  const std::string name = feature_name(column, schema.at(column, field), feature);
  throw DataError(fmt::format("feature {} ('{}') has no value in any row", feature, name),
                  {.field = field}, "leave it out with a vector_slicer stage before");
}

void check_has_values(const Moments& moments, const Schema& schema, const std::string& column,
                      const std::string& field) {
  for (std::size_t j = 0; j < moments.width(); ++j) {
    if (!moments.has_values(j)) no_values(j, schema, column, field);
  }
}

std::vector<std::size_t> all_rows(const Partition& partition) {
  std::vector<std::size_t> rows(partition.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

}  // namespace lockstep::data
