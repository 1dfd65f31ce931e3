#pragma once
/// Exact quantiles of the training rows: the quantile for p of n values is the value number
/// ceil(p * n) in ascending order (p = 0: the smallest, p = 1: the largest), never a mean of two.
/// Every stage that needs a median or a quartile takes it from here.
///
/// How: doubles become 64-bit keys of the same order. One pass over the rows counts, by feature,
/// what lies below and above zero, and between which keys; zeros, stored or not, need no more than
/// their count. Each quantile then sits in a window of keys. While the windows hold many values,
/// passes count them by histogram and narrow the windows; the few values left are collected and
/// selected from. Counts are whole numbers and a selection knows no order, so that neither ranks
/// nor partitions show in the result. Usually 2 to 4 passes; at most about 12 MB a partition.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// The quantiles of one feature.
struct Quantiles {
  std::uint64_t count = 0;     ///< values that were looked at: all but NaN and missing ones
  std::vector<double> values;  ///< one for each probability, in their order; NaN if count is 0
};

/// What to ask of a number or vector column. Absent entries of sparse vectors are zeros and count
/// as such; -0.0 counts as 0.0; infinities are values, NaN and missing ones are skipped.
struct QuantileRequest {
  std::string column;
  std::vector<double> probabilities;      ///< each in [0, 1], in any order
  std::optional<double> skipped_value{};  ///< left out, too
};

/// COLLECTIVE. For each request the quantiles of each feature: one of a number column, as many as
/// the schema says of a vector column. All requests share the passes.
/// @throws DataError if a vector is wider than the schema says
std::vector<std::vector<Quantiles>> exact_quantiles(const TrainingRows& fitting,
                                                    const std::vector<QuantileRequest>& requests);

/// COLLECTIVE. The same for one column: the quantiles of each of its features.
std::vector<Quantiles> exact_quantiles(const TrainingRows& fitting, const std::string& column,
                                       const std::vector<double>& probabilities);

}  // namespace lockstep::data
