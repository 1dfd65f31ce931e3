#include "data/features/cleaning/clip.hpp"

#include <fmt/core.h>

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "data/features/cleaning/cells.hpp"

namespace lockstep::data {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

Clip::Clip(const proto::Clip& config, std::string at)
    : config_(config),
      at_(std::move(at)),
      min_(config.has_min() ? config.min() : -kInfinity),
      max_(config.has_max() ? config.max() : kInfinity) {
  if (!config_.has_min() && !config_.has_max())
    throw ConfigError("there is no bound to clip to", {.field = at_}, "give min, max, or both");
  if (std::isnan(min_) || std::isnan(max_))
    throw ConfigError("a bound is NaN", {.field = at_}, "give a number");
  if (min_ > max_) {
    throw ConfigError(fmt::format("min {} is greater than max {}", min_, max_),
                      {.field = at_ + ".min"}, "exchange them");
  }
}

Schema Clip::output_schema(const Schema& input) const {
  ColumnType type =
      input_column(input, config_.column(), {ColumnType::Kind::Number}, at_ + ".column");
  if (config_.has_min()) type = with_value(std::move(type), min_);
  if (config_.has_max()) type = with_value(std::move(type), max_);
  Schema output = input;
  output.add(config_.column(), std::move(type));
  return output;
}

Effect Clip::transform(Partition& partition, Phase) const {
  std::uint64_t rows = 0;
  change_numbers(
      std::get<Numbers>(partition.columns.at(config_.column())),
      [this](double v) { return v < min_ || v > max_; },
      [this](double v) { return v < min_ ? min_ : max_; }, [&rows](std::size_t) { ++rows; });
  return {rows, "clipped"};
}

proto::Stage Clip::save() const {
  proto::Stage stage;
  *stage.mutable_clip() = config_;
  return stage;
}

}  // namespace lockstep::data
