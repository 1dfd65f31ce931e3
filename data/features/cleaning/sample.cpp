#include "data/features/cleaning/sample.hpp"

#include "core/error.hpp"
#include "core/random.hpp"

namespace lockstep::data {

Sample::Sample(const proto::Sample& config, std::string at) : config_(config), at_(std::move(at)) {
  if (!(config_.fraction() >= 0 && config_.fraction() <= 1)) {
    throw ConfigError("the fraction is not a share", {.field = at_ + ".fraction"},
                      "give a number from 0 to 1");
  }
}

void Sample::fit(const TrainingRows& fitting) {
  if (!config_.has_seed()) config_.set_seed(fitting.seed());
}

Effect Sample::transform(Partition& partition, Phase phase) const {
  if (phase == Phase::Scoring) return {};
  const Random random(config_.seed(), Purpose::Sample);
  std::vector<bool> keep(partition.rows());
  for (std::size_t row = 0; row < keep.size(); ++row) {
    const auto words = random.block(partition.row_ids[row]);
    const std::uint64_t bits = (static_cast<std::uint64_t>(words[1]) << 32) | words[0];
    keep[row] = static_cast<double>(bits >> 11) * 0x1p-53 < config_.fraction();
  }
  return {keep_rows(partition, keep), "dropped"};
}

proto::Stage Sample::save() const {
  proto::Stage stage;
  *stage.mutable_sample() = config_;
  return stage;
}

}  // namespace lockstep::data
