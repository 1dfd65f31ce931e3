#include "data/features/columns/bucketizer.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

constexpr int kLeastSplits = 3;

}  // namespace

Bucketizer::Bucketizer(const proto::Bucketizer& config, std::string at)
    : config_(config), buckets_(column_pairs(config_, at), config_.handle_invalid()) {
  const std::size_t columns = buckets_.pairs().size();
  std::vector<std::vector<double>> splits;
  if (config_.splits_array_size() == 0) {
    splits.assign(columns, checked_splits(config_.splits(), kLeastSplits, at + ".splits"));
  } else if (config_.splits_size() != 0) {
    throw ConfigError("both splits and splits_array are given", {.field = at + ".splits"},
                      "give one of them");
  } else if (static_cast<std::size_t>(config_.splits_array_size()) != columns) {
    throw ConfigError(
        fmt::format("{} lists of splits for {} columns", config_.splits_array_size(), columns),
        {.field = at + ".splits_array"}, "give one list a column");
  } else {
    for (const auto& one : config_.splits_array()) {
      splits.push_back(checked_splits(one.split(), kLeastSplits,
                                      fmt::format("{}.splits_array[{}]", at, splits.size())));
    }
  }
  buckets_.set_splits(std::move(splits));
}

proto::Stage Bucketizer::save() const {
  proto::Stage stage;
  *stage.mutable_bucketizer() = config_;
  return stage;
}

}  // namespace lockstep::data
