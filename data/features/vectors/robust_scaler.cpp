#include "data/features/vectors/robust_scaler.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "data/jobs/moments.hpp"
#include "data/jobs/quantiles.hpp"

namespace lockstep::data {

RobustScaler::RobustScaler(const proto::RobustScaler& config, std::string at_path)
    : ScalerStage(config, std::move(at_path)) {
  if (!(0 < config_.lower() && config_.lower() < config_.upper() && config_.upper() < 1)) {
    throw ConfigError(fmt::format("lower is {}, upper is {}", config_.lower(), config_.upper()),
                      {.field = at() + ".lower"}, "lower must be below upper, both in (0, 1)");
  }
  check_model(config_.model().range_size() == config_.model().median_size());
}

std::optional<std::size_t> RobustScaler::width() const {
  if (!is_fitted()) return std::nullopt;
  return static_cast<std::size_t>(config_.model().range_size());
}

void RobustScaler::fit(const TrainingRows& fitting) {
  const std::size_t features = training_width(fitting);
  const std::vector<Quantiles> quantiles =
      exact_quantiles(fitting, input(), {config_.lower(), 0.5, config_.upper()});
  expects(quantiles.size() == features, "quantiles of every feature");
  proto::RobustScalerModel model;
  for (std::size_t j = 0; j < features; ++j) {
    if (quantiles[j].count == 0) no_values(j, fitting.schema(), input(), input_field());
    model.add_range(quantiles[j].values[2] - quantiles[j].values[0]);
    model.add_median(quantiles[j].values[1]);
  }
  *config_.mutable_model() = std::move(model);
}

Column RobustScaler::map(const Column& column, std::size_t rows) const {
  const auto range = span_of(config_.model().range()), median = span_of(config_.model().median());
  const bool scales = config_.with_scaling();
  const auto scaled = [&](std::size_t j, double x) {
    if (!scales) return x;
    return range[j] == 0 ? x * 0.0 : x / range[j];
  };
  if (!config_.with_centering()) return map_entries(column, rows, range.size(), scaled);
  return map_dense(column, rows, range.size(),
                   [&](std::size_t j, double x) { return scaled(j, x - median[j]); });
}

}  // namespace lockstep::data
