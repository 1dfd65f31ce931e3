#include "data/features/vectors/min_max_scaler.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"
#include "data/jobs/moments.hpp"

namespace lockstep::data {

MinMaxScaler::MinMaxScaler(const proto::MinMaxScaler& config, std::string at_path)
    : ScalerStage(config, std::move(at_path)) {
  if (!(config_.min() < config_.max()) || !std::isfinite(config_.max() - config_.min())) {
    throw ConfigError(fmt::format("min is {}, max is {}", config_.min(), config_.max()),
                      {.field = at() + ".min"}, "min must be below max, both finite");
  }
  check_model(config_.model().original_min_size() == config_.model().original_max_size());
}

std::optional<std::size_t> MinMaxScaler::width() const {
  if (!is_fitted()) return std::nullopt;
  return static_cast<std::size_t>(config_.model().original_min_size());
}

void MinMaxScaler::fit(const TrainingRows& fitting) {
  const std::size_t features = training_width(fitting);
  const Moments moments = fitting.run(MomentsJob(input(), features, input_field()));
  check_has_values(moments, fitting.schema(), input(), input_field());
  proto::RangeModel model;
  for (std::size_t j = 0; j < features; ++j) {
    model.add_original_min(moments.min[j]);
    model.add_original_max(moments.max[j]);
  }
  *config_.mutable_model() = std::move(model);
}

double MinMaxScaler::scaled(std::size_t j, double x) const {
  if (std::isnan(x)) return x;
  const auto index = static_cast<int>(j);
  const double smallest = config_.model().original_min(index);
  const double range = config_.model().original_max(index) - smallest;
  if (range == 0) return (config_.min() + config_.max()) / 2;
  return (x - smallest) / range * (config_.max() - config_.min()) + config_.min();
}

Column MinMaxScaler::map(const Column& column, std::size_t rows) const {
  const std::size_t features = width().value();
  bool zeros_stay = true;
  for (std::size_t j = 0; j < features; ++j) zeros_stay = zeros_stay && scaled(j, 0) == 0;
  const auto change = [this](std::size_t j, double x) { return scaled(j, x); };
  return zeros_stay ? map_entries(column, rows, features, change)
                    : map_dense(column, rows, features, change);
}

}  // namespace lockstep::data
