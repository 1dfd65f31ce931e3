#pragma once
/// Tests of each feature of a vector column, by itself, against a label.
///
/// A feature or label that does not vary says nothing: statistic 0, p-value 1. A perfect one has
/// the statistic infinity and the p-value 0. All functions are COLLECTIVE and throw DataError
/// naming the row if a label is missing, a label or number is NaN or infinite, or a vector is too
/// wide.

#include <cstddef>
#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

struct FeatureTest {
  double statistic = 0;
  double p_value = 1;
  double dof = 0;  ///< degrees of freedom: of chi-squared, or the second of F
};

/// What is tested. The features are as many as the schema says.
struct TestedColumns {
  std::string features, label;
  std::size_t width = 0;
  std::string features_field, label_field;  ///< config paths for messages
};

/// Distinct values of a category column: at most this many.
inline constexpr std::size_t kMostCategories = 10000;

/// Pearson's chi-squared test of independence: sum of (observed - expected)^2 / expected over the
/// table of distinct values of the feature and the label, without correction of continuity.
/// @throws DataError if one of them has more than kMostCategories values
std::vector<FeatureTest> chi_squared_tests(const TrainingRows& fitting,
                                           const TestedColumns& columns);

/// One-way analysis of variance with the label's distinct values as K groups:
/// F = (between / (K - 1)) / (within / (n - K)). @throws DataError as above for the label
std::vector<FeatureTest> anova_tests(const TrainingRows& fitting, const TestedColumns& columns);

/// F test of the regression of the label on the feature: r^2 / (1 - r^2) * (n - 2), r being
/// Pearson's correlation.
std::vector<FeatureTest> regression_tests(const TrainingRows& fitting,
                                          const TestedColumns& columns);

}  // namespace lockstep::data
