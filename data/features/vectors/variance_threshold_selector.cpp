#include "data/features/vectors/variance_threshold_selector.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "data/features/vectors/feature_choice.hpp"
#include "data/jobs/moments.hpp"

namespace lockstep::data {

VarianceThresholdSelector::VarianceThresholdSelector(const proto::VarianceThresholdSelector& config,
                                                     std::string at_path)
    : VectorStage(config.features_col(), config.output_col(), std::move(at_path), "features_col"),
      config_(config) {
  if (!(config_.variance_threshold() >= 0)) {
    throw ConfigError(fmt::format("the threshold is {}", config_.variance_threshold()),
                      {.field = at() + ".variance_threshold"}, "it must be at least 0");
  }
  check_model(is_choice(config_.model()));
}

std::optional<std::size_t> VarianceThresholdSelector::width() const {
  if (!is_fitted()) return std::nullopt;
  return config_.model().num_features();
}

void VarianceThresholdSelector::fit(const TrainingRows& fitting) {
  const std::size_t features = training_width(fitting);
  const Moments moments = fitting.run(MomentsJob(input(), features, input_field()));
  proto::SelectorModel model;
  model.set_num_features(static_cast<std::uint32_t>(features));
  for (std::size_t j = 0; j < features; ++j) {
    if (moments.sample_variance(j) > config_.variance_threshold())
      model.add_selected_features(static_cast<std::uint32_t>(j));
  }
  *config_.mutable_model() = std::move(model);
}

ColumnType VarianceThresholdSelector::output_type(const ColumnType& type) const {
  if (!is_fitted()) return open_vector();
  return take_features(input(), type, span_of(config_.model().selected_features()));
}

Column VarianceThresholdSelector::map(const Column& column, std::size_t rows) const {
  return take_features(column, rows, span_of(config_.model().selected_features()));
}

proto::Stage VarianceThresholdSelector::save() const {
  proto::Stage stage;
  *stage.mutable_variance_threshold_selector() = config_;
  return stage;
}

}  // namespace lockstep::data
