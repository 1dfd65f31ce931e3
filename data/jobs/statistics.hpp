#pragma once
/// What is in the columns of a dataset, for people: lockstep data stats.

#include <map>
#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// A column in figures. Of a vector or image column: of all its numbers together.
struct ColumnSummary {
  std::string name;
  ColumnType type;
  std::uint64_t rows = 0;
  std::uint64_t missing = 0;  ///< cells where the source has nothing
  std::uint64_t nan = 0;      ///< NaN that are not missing
  std::uint64_t numbers = 0;  ///< finite or infinite numbers, implied zeros included
  std::uint64_t zeros = 0;
  double mean = 0, m2 = 0, min = 0, max = 0;  ///< of these; min and max 0 if there are none
  std::vector<double> quantiles;              ///< at kSummaryProbabilities; number columns only
  bool counted = true;                        ///< false: more different values than are counted
  std::map<std::string, std::uint64_t>
      values;  ///< how often each value occurs: numbers, strings, tokens

  double sample_std() const;
};
inline constexpr double kSummaryProbabilities[] = {0.25, 0.5, 0.75};
inline constexpr std::size_t kMostCountedValues = 10000;

/// COLLECTIVE. One summary a column, in the schema's order.
std::vector<ColumnSummary> summarize(const TrainingRows& dataset);

}  // namespace lockstep::data
