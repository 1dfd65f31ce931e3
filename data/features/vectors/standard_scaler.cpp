#include "data/features/vectors/standard_scaler.hpp"

#include <cmath>

#include "data/jobs/moments.hpp"

namespace lockstep::data {

StandardScaler::StandardScaler(const proto::StandardScaler& config, std::string at)
    : ScalerStage(config, std::move(at)) {
  check_model(config_.model().mean_size() == config_.model().std_size());
}

std::optional<std::size_t> StandardScaler::width() const {
  if (!is_fitted()) return std::nullopt;
  return static_cast<std::size_t>(config_.model().mean_size());
}

void StandardScaler::fit(const TrainingRows& fitting) {
  const std::size_t features = training_width(fitting);
  const Moments moments = fitting.run(MomentsJob(input(), features, input_field()));
  proto::StandardScalerModel model;
  for (std::size_t j = 0; j < features; ++j) {
    model.add_mean(moments.mean[j]);
    model.add_std(std::sqrt(moments.sample_variance(j)));
  }
  *config_.mutable_model() = std::move(model);
}

Column StandardScaler::map(const Column& column, std::size_t rows) const {
  const auto mean = span_of(config_.model().mean()), deviation = span_of(config_.model().std());
  std::vector<double> factor(mean.size(), 1.0);
  for (std::size_t j = 0; config_.with_std() && j < factor.size(); ++j)
    factor[j] = deviation[j] == 0 ? 0.0 : 1 / deviation[j];
  if (config_.with_mean()) {
    return map_dense(column, rows, mean.size(),
                     [&](std::size_t j, double x) { return (x - mean[j]) * factor[j]; });
  }
  return map_entries(column, rows, mean.size(),
                     [&](std::size_t j, double x) { return x * factor[j]; });
}

}  // namespace lockstep::data
