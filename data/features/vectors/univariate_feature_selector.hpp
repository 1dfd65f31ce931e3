#pragma once
/// UnivariateFeatureSelector: the features that say most about the label, each by itself.

#include <cstdint>
#include <string>
#include <vector>

#include "data/features/vectors/feature_tests.hpp"
#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {

/// Tests by types (data/features/feature_tests.hpp): categories and categories by chi-squared,
/// numbers and a category label by analysis of variance, numbers and numbers by the F test of the
/// regression. Keeps the chosen features in their order; none at all is an answer, too. The label
/// is read in fit only. Sparse stays sparse.
class UnivariateFeatureSelector final : public VectorStage {
 public:
  /// `at` is the config path of the message.
  /// @throws ConfigError for category features with a continuous label, a threshold that does not
  /// suit the mode, or if its model does not fit
  UnivariateFeatureSelector(const proto::UnivariateFeatureSelector& config, std::string at);

  std::vector<std::string> input_columns() const override;  ///< the label until it is fitted
  Schema output_schema(const Schema& input) const override;
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.has_model(); }
  proto::Stage save() const override;

 private:
  std::optional<std::size_t> width() const override;
  ColumnType output_type(const ColumnType& type) const override;
  Column map(const Column& column, std::size_t rows) const override;
  std::vector<FeatureTest> test(const TrainingRows& fitting, std::size_t features) const;

  proto::UnivariateFeatureSelector config_;
};

/// The features a mode chooses, ascending. Ranked by p-value, then by statistic, the largest first,
/// then by index. With d features and the threshold t: NUM_TOP_FEATURES the first t; PERCENTILE the
/// first floor(d t); FPR those with p < t; FWE those with p < t / d; FDR (Benjamini and Hochberg)
/// as many as the largest rank i, from 1, with p <= t i / d.
std::vector<std::uint32_t> choose_features(const std::vector<FeatureTest>& tests,
                                           proto::UnivariateFeatureSelector::Mode mode,
                                           double threshold);

}  // namespace lockstep::data
