#include "data/features/vectors/max_abs_scaler.hpp"

#include "data/jobs/moments.hpp"

namespace lockstep::data {

MaxAbsScaler::MaxAbsScaler(const proto::MaxAbsScaler& config, std::string at)
    : ScalerStage(config, std::move(at)) {}

std::optional<std::size_t> MaxAbsScaler::width() const {
  if (!is_fitted()) return std::nullopt;
  return static_cast<std::size_t>(config_.model().max_abs_size());
}

void MaxAbsScaler::fit(const TrainingRows& fitting) {
  const std::size_t features = training_width(fitting);
  const Moments moments = fitting.run(MomentsJob(input(), features, input_field()));
  check_has_values(moments, fitting.schema(), input(), input_field());
  proto::MaxAbsModel model;
  for (std::size_t j = 0; j < features; ++j) model.add_max_abs(moments.max_abs(j));
  *config_.mutable_model() = std::move(model);
}

Column MaxAbsScaler::map(const Column& column, std::size_t rows) const {
  const auto largest = span_of(config_.model().max_abs());
  return map_entries(column, rows, largest.size(),
                     [&](std::size_t j, double x) { return largest[j] == 0 ? x : x / largest[j]; });
}

}  // namespace lockstep::data
