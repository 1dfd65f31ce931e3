#pragma once
/// Count, mean, variance and extremes of each feature of a vector column, over all training rows.
///
/// Within a partition: the mean, then the squares around it. Partitions are put together by the
/// formulas of Chan, Golub and LeVeque (1979), so that a large mean costs no digits. Sparse rows
/// cost their entries only: zeros enter through their number.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// d = features. A NaN makes mean and m2 of its feature NaN; min and max pass over it.
struct Moments {
  std::uint64_t rows = 0;
  std::vector<double> mean;  ///< [d]
  std::vector<double> m2;    ///< [d] sum of squared distances from the mean
  std::vector<double> min;   ///< [d] +infinity if there is no value but NaN
  std::vector<double> max;   ///< [d] -infinity likewise

  std::size_t width() const noexcept { return mean.size(); }

  /// With rows - 1; 0 for a single row and for a feature with one value.
  double sample_variance(std::size_t j) const;
  double max_abs(std::size_t j) const;  ///< largest absolute value; -infinity without values
  bool has_values(std::size_t j) const { return min[j] <= max[j]; }

  static constexpr auto kFields =
      std::make_tuple(&Moments::rows, &Moments::mean, &Moments::m2, &Moments::min, &Moments::max);
};

/// Moments of the rows `rows` of a number or vector column; no index is `width` or larger.
Moments moments_of(const Column& column, std::span<const std::size_t> rows, std::size_t width);

/// The moments of both together. Expects the same width.
Moments merge(Moments left, const Moments& right);

/// A feature that has one value gets exactly that mean, and m2 0: what rounding has left of it is
/// no spread.
Moments without_rounding(Moments moments);

/// The moments of a vector column of `width` features as a job. `field` is the config path for
/// messages. map() @throws DataError naming a row that is wider
class MomentsJob {
 public:
  MomentsJob(std::string column, std::size_t width, std::string field)
      : column_(std::move(column)), width_(width), field_(std::move(field)) {}

  Moments map(const Partition& partition) const;
  Moments merge(Moments left, const Moments& right) const {
    return data::merge(std::move(left), right);
  }
  Moments finish(Moments total) const { return without_rounding(std::move(total)); }

 private:
  std::string column_;
  std::size_t width_;
  std::string field_;
};

/// A feature without any value but NaN. @throws DataError naming it
[[noreturn]] void no_values(std::size_t feature, const Schema& schema, const std::string& column,
                            const std::string& field);
void check_has_values(const Moments& moments, const Schema& schema, const std::string& column,
                      const std::string& field);

/// The numbers of all rows of a partition: 0, 1, ...
std::vector<std::size_t> all_rows(const Partition& partition);

}  // namespace lockstep::data
