#include "data/features/vectors/univariate_feature_selector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "data/features/vectors/feature_choice.hpp"

namespace lockstep::data {
namespace {

using Config = proto::UnivariateFeatureSelector;

double threshold_of(const Config& config) {
  if (config.has_selection_threshold()) return config.selection_threshold();
  switch (config.selection_mode()) {
    case Config::NUM_TOP_FEATURES:
      return 50;
    case Config::PERCENTILE:
      return 0.1;
    case Config::FPR:
    case Config::FDR:
    case Config::FWE:
      return 0.05;
  }
  return 0;
}

void check_threshold(const Config& config, const std::string& field) {
  const double threshold = threshold_of(config);
  if (config.selection_mode() == Config::NUM_TOP_FEATURES) {
    if (threshold >= 1 && threshold == std::floor(threshold)) return;
    throw ConfigError(fmt::format("selection_threshold is {}", threshold), {.field = field},
                      "give the number of features, a whole number from 1");
  }
  if (threshold >= 0 && threshold <= 1) return;
  throw ConfigError(fmt::format("selection_threshold is {}", threshold), {.field = field},
                    "give a share or probability, 0 to 1");
}

/// How many of the p-values, ascending, a mode takes.
std::size_t count_chosen(const std::vector<double>& p, Config::Mode mode, double threshold) {
  const auto d = static_cast<double>(p.size());
  const auto below = [&p](double limit) {
    return static_cast<std::size_t>(std::lower_bound(p.begin(), p.end(), limit) - p.begin());
  };
  switch (mode) {
    case Config::NUM_TOP_FEATURES:
      return static_cast<std::size_t>(std::min(threshold, d));
    case Config::PERCENTILE:
      return static_cast<std::size_t>(std::floor(std::min(threshold, 1.0) * d));
    case Config::FPR:
      return below(threshold);
    case Config::FWE:
      return below(threshold / d);
    case Config::FDR:
      for (std::size_t i = p.size(); i > 0; --i)
        if (p[i - 1] <= threshold * static_cast<double>(i) / d) return i;
      return 0;
  }
  return 0;
}

}  // namespace

std::vector<std::uint32_t> choose_features(const std::vector<FeatureTest>& tests, Config::Mode mode,
                                           double threshold) {
  std::vector<std::uint32_t> ranked(tests.size());
  std::iota(ranked.begin(), ranked.end(), 0u);
  std::stable_sort(ranked.begin(), ranked.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (tests[a].p_value != tests[b].p_value) return tests[a].p_value < tests[b].p_value;
    return tests[a].statistic > tests[b].statistic;
  });
  std::vector<double> p;
  for (const std::uint32_t j : ranked) p.push_back(tests[j].p_value);
  ranked.resize(count_chosen(p, mode, threshold));
  std::sort(ranked.begin(), ranked.end());
  return ranked;
}

UnivariateFeatureSelector::UnivariateFeatureSelector(const Config& config, std::string at_path)
    : VectorStage(config.features_col(), config.output_col(), std::move(at_path), "features_col"),
      config_(config) {
  if (config_.feature_type() == Config::CATEGORICAL && config_.label_type() == Config::CONTINUOUS) {
    throw ConfigError("there is no test of categories against a continuous label",
                      {.field = at() + ".feature_type"},
                      "cut the label into buckets, or encode the categories one-hot");
  }
  check_threshold(config_, at() + ".selection_threshold");
  check_model(is_choice(config_.model()));
}

std::vector<std::string> UnivariateFeatureSelector::input_columns() const {
  if (is_fitted()) return {input()};
  return {input(), config_.label_col()};
}

Schema UnivariateFeatureSelector::output_schema(const Schema& schema) const {
  if (!is_fitted())
    input_column(schema, config_.label_col(), {ColumnType::Kind::Number}, at() + ".label_col");
  return VectorStage::output_schema(schema);
}

std::optional<std::size_t> UnivariateFeatureSelector::width() const {
  if (!is_fitted()) return std::nullopt;
  return config_.model().num_features();
}

std::vector<FeatureTest> UnivariateFeatureSelector::test(const TrainingRows& fitting,
                                                         std::size_t features) const {
  const TestedColumns columns{input(), config_.label_col(), features, input_field(),
                              at() + ".label_col"};
  if (config_.feature_type() == Config::CATEGORICAL) return chi_squared_tests(fitting, columns);
  return config_.label_type() == Config::CATEGORICAL ? anova_tests(fitting, columns)
                                                     : regression_tests(fitting, columns);
}

void UnivariateFeatureSelector::fit(const TrainingRows& fitting) {
  const std::size_t features = training_width(fitting);
  proto::SelectorModel model;
  model.set_num_features(static_cast<std::uint32_t>(features));
  for (const std::uint32_t j :
       choose_features(test(fitting, features), config_.selection_mode(), threshold_of(config_)))
    model.add_selected_features(j);
  *config_.mutable_model() = std::move(model);
}

ColumnType UnivariateFeatureSelector::output_type(const ColumnType& type) const {
  if (!is_fitted()) return open_vector();
  return take_features(input(), type, span_of(config_.model().selected_features()));
}

Column UnivariateFeatureSelector::map(const Column& column, std::size_t rows) const {
  return take_features(column, rows, span_of(config_.model().selected_features()));
}

proto::Stage UnivariateFeatureSelector::save() const {
  proto::Stage stage;
  *stage.mutable_univariate_feature_selector() = config_;
  return stage;
}

}  // namespace lockstep::data
