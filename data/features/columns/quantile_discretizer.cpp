#include "data/features/columns/quantile_discretizer.hpp"

#include <fmt/format.h>

#include <limits>

#include "core/error.hpp"
#include "data/jobs/quantiles.hpp"

namespace lockstep::data {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// 1/n, 2/n, ... (n - 1)/n
std::vector<double> inner_probabilities(std::uint32_t buckets) {
  std::vector<double> probabilities;
  for (std::uint32_t i = 1; i < buckets; ++i)
    probabilities.push_back(static_cast<double>(i) / static_cast<double>(buckets));
  return probabilities;
}

/// `inner` ascends, but may repeat.
proto::Splits as_splits(const std::vector<double>& inner) {
  proto::Splits splits;
  splits.add_split(-kInfinity);
  for (const double value : inner) {
    if (value > splits.split(splits.split_size() - 1) && value < kInfinity) splits.add_split(value);
  }
  splits.add_split(kInfinity);
  return splits;
}

}  // namespace

QuantileDiscretizer::QuantileDiscretizer(const proto::QuantileDiscretizer& config, std::string at)
    : config_(config),
      at_(std::move(at)),
      buckets_(column_pairs(config_, at_), config_.handle_invalid()) {
  const std::size_t columns = buckets_.pairs().size();
  if (config_.num_buckets_array_size() != 0 &&
      static_cast<std::size_t>(config_.num_buckets_array_size()) != columns) {
    throw ConfigError(
        fmt::format("{} numbers for {} columns", config_.num_buckets_array_size(), columns),
        {.field = at_ + ".num_buckets_array"}, "give one number a column");
  }
  for (std::size_t i = 0; i < columns; ++i) {
    if (wanted_buckets(i) < 2) {
      throw ConfigError(fmt::format("{} buckets", wanted_buckets(i)),
                        {.field = at_ + ".num_buckets"}, "ask for at least 2");
    }
  }
  if (config_.model_size() != 0) read_model();
}

std::uint32_t QuantileDiscretizer::wanted_buckets(std::size_t pair) const {
  return config_.num_buckets_array_size() == 0 ? config_.num_buckets()
                                               : config_.num_buckets_array(static_cast<int>(pair));
}

void QuantileDiscretizer::read_model() {
  if (static_cast<std::size_t>(config_.model_size()) != buckets_.pairs().size()) {
    throw ConfigError(
        fmt::format("{} columns, but a model of {}", buckets_.pairs().size(), config_.model_size()),
        {.field = at_ + ".model"}, "leave the model out to fit it anew");
  }
  std::vector<std::vector<double>> splits;
  for (const auto& one : config_.model())
    splits.push_back(
        checked_splits(one.split(), 2, fmt::format("{}.model[{}]", at_, splits.size())));
  buckets_.set_splits(std::move(splits));
}

void QuantileDiscretizer::fit(const TrainingRows& fitting) {
  if (is_fitted()) return;
  std::vector<QuantileRequest> requests;
  for (const ColumnPair& pair : buckets_.pairs())
    requests.push_back({pair.input, inner_probabilities(wanted_buckets(requests.size()))});
  const auto found = exact_quantiles(fitting, requests);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].front().count == 0) {
      const ColumnPair& pair = buckets_.pairs()[i];
      throw DataError(fmt::format("column '{}' has no values to take quantiles of", pair.input),
                      {.field = pair.input_field}, "leave the column out");
    }
  }
  for (const auto& column : found) *config_.add_model() = as_splits(column.front().values);
  read_model();
}

proto::Stage QuantileDiscretizer::save() const {
  proto::Stage stage;
  *stage.mutable_quantile_discretizer() = config_;
  return stage;
}

}  // namespace lockstep::data
