#include "data/split.hpp"

#include <fmt/format.h>

#include <cmath>
#include <exception>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>

#include "core/error.hpp"
#include "data/rebalance.hpp"
#include "data/storage/memory_limit.hpp"
#include "data/storage/partition_file.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

/// A column that a split goes by, and the field that names it.
struct NamedColumn {
  const char* field;
  const std::string& column;
};

/// The one way of those that are given, or null. @throws ConfigError if there are two
const char* only_way(const std::vector<NamedColumn>& columns, bool in_order,
                     const std::string& at) {
  const char* way = in_order ? "in_order" : nullptr;
  for (const auto& [field, column] : columns) {
    if (column.empty()) continue;
    if (way != nullptr) {
      throw ConfigError(fmt::format("rows cannot be split both by {} and by {}", way, field),
                        {.field = at + "." + field}, "leave one of them out");
    }
    way = field;
  }
  return way;
}

std::vector<std::string> names_of(const std::vector<NamedColumn>& columns) {
  std::vector<std::string> names;
  for (const auto& [field, column] : columns) {
    if (!column.empty()) names.push_back(column);
  }
  return names;
}

void check_columns(const std::vector<NamedColumn>& columns, const Schema& schema,
                   const std::string& at) {
  for (const auto& [field, column] : columns) {
    if (column.empty()) continue;
    input_column(schema, column, {ColumnType::Kind::Number, ColumnType::Kind::String},
                 at + "." + field);
  }
}

std::vector<NamedColumn> columns_of(const proto::Split& config) {
  return {{"stratify_by", config.stratify_by()},
          {"group_by", config.group_by()},
          {"order_by", config.order_by()},
          {"part_col", config.part_col()}};
}
std::vector<NamedColumn> columns_of(const FoldOptions& options) {
  return {{"stratify_by", options.stratify_by},
          {"group_by", options.group_by},
          {"fold_col", options.fold_col}};
}

void check_weights(const std::vector<double>& weights, const std::string& field) {
  constexpr const char* kExample = "write for example: weights: [0.8, 0.2], or [0.7, 0.2, 0.1]";
  if (weights.size() != 2 && weights.size() != 3) {
    throw ConfigError(fmt::format("a split has weights of train, validation and perhaps test, not "
                                  "{}",
                                  weights.size()),
                      {.field = field}, kExample);
  }
  for (const double weight : weights) {
    if (!(weight >= 0) || std::isinf(weight))
      throw ConfigError(fmt::format("{} is not a weight", weight), {.field = field}, kExample);
  }
  if (!(weights[0] > 0))
    throw ConfigError("train has no weight", {.field = field}, "the first weight is that of train");
  if (std::isinf(std::accumulate(weights.begin(), weights.end(), 0.0)))
    throw ConfigError("the weights are too large", {.field = field}, kExample);
}

/// COLLECTIVE. What throws the same on every rank ends as an AgreedError.
void agreed(const dist::Communicator& ranks, const std::function<void()>& work) {
  std::exception_ptr failure;
  try {
    work();
  } catch (const AgreedError&) {
    throw;
  } catch (...) {
    failure = std::current_exception();
  }
  dist::all_or_none(ranks, [&] {
    if (failure) std::rethrow_exception(failure);
  });
}

/// The rows `rows` of a partition.
Partition take_part(const Partition& from, const std::vector<std::size_t>& rows) {
  Partition part;
  part.index = from.index;
  std::vector<std::uint64_t> ids;
  for (const std::size_t row : rows) ids.push_back(from.row_ids[row]);
  part.row_ids = std::move(ids);
  for (const auto& [name, column] : from.columns) part.set(name, take_rows(column, rows));
  return part;
}

/// Takes the rows of one partition apart: into partition `i` of each part. Returns the bytes that
/// took.
std::uint64_t take_apart(const Partition& from, std::size_t i, const PartOf& part_of,
                         std::vector<Dataset>& parts, const LoadOptions& options) {
  std::uint64_t bytes = payload_bytes(from);
  std::vector<std::vector<std::size_t>> rows(parts.size());
  for (std::size_t row = 0; row < from.rows(); ++row) rows.at(part_of(from, row)).push_back(row);
  for (std::size_t p = 0; p < parts.size(); ++p) {
    parts[p].own[i] = take_part(from, rows[p]);
    bytes += payload_bytes(parts[p].own[i]);
    set_aside(parts[p].own[i], options);
  }
  from.release();
  return bytes;
}

/// COLLECTIVE. Counts the parts' rows, and shares them out evenly to the partitions.
void settle(const dist::Cluster& cluster, std::vector<Dataset>& parts, const LoadOptions& options) {
  const auto& ranks = cluster.ranks;
  std::vector<std::int64_t> rows(parts.size());
  for (std::size_t p = 0; p < parts.size(); ++p) {
    for (const Partition& partition : parts[p].own)
      rows[p] += static_cast<std::int64_t>(partition.rows());
  }
  ranks.allreduce_sum(rows);
  agreed(ranks, [&] {
    if (rows[0] == 0)
      throw DataError("the split leaves no rows for training", {.file = parts[0].name},
                      "give train a larger weight, or more rows");
  });
  for (std::size_t p = 0; p < parts.size(); ++p) {
    parts[p].rows = static_cast<std::uint64_t>(rows[p]);
    if (rows[p] > 0) rebalance(cluster, parts[p], options);
  }
}

/// COLLECTIVE. done(i) follows when own partition i has been taken apart.
std::vector<Dataset> take_parts(const dist::Cluster& cluster, const Dataset& rows,
                                const PartOf& part_of, std::size_t count,
                                const LoadOptions& options,
                                const std::function<void(std::size_t)>& done) {
  const auto& [ranks, threads] = cluster;
  std::vector<Dataset> parts(count);
  dist::all_or_none(ranks, [&] {
    for (Dataset& part : parts) {
      part.name = rows.name;
      part.schema = rows.schema;
      part.partitions = rows.partitions;
      part.block = rows.block;
      part.own.resize(rows.own.size());
      part.memory_limit_bytes = options.memory_limit_bytes;
    }
    make_partitions(threads, rows.own.size(), options.memory_limit_bytes, [&](std::size_t i) {
      const std::uint64_t bytes = take_apart(rows.own[i], i, part_of, parts, options);
      done(i);
      return bytes;
    });
  });
  settle(cluster, parts, options);
  return parts;
}

}  // namespace

Splitting::Splitting(const proto::Split& config, std::string at)
    : config_(config),
      at_(std::move(at)),
      weights_(config.weights().begin(), config.weights().end()),
      parts_(weights_.size()) {
  only_way(columns_of(config_), config_.in_order(), at_);
  if (config_.part_col().empty()) {
    check_weights(weights_, at_ + ".weights");
    return;
  }
  parts_ = 3;
  if (!weights_.empty()) {
    throw ConfigError("weights, but part_col says which row goes where",
                      {.field = at_ + ".weights"}, "leave one of them out");
  }
}

std::vector<std::string> Splitting::input_columns() const { return names_of(columns_of(config_)); }

void Splitting::check(const Schema& schema) const {
  check_columns(columns_of(config_), schema, at_);
}

void Splitting::fit(const TrainingRows& fitting) {
  const Random random(config_.has_seed() ? config_.seed() : fitting.seed(), Purpose::Split);
  const ShareOut shares = [this](const auto& classes) {
    return sizes_by_weights(classes, weights_);
  };
  if (!config_.part_col().empty()) {
    part_ =
        named_parts(config_.part_col(), parts_, {"train", "validation", "test"}, at_ + ".part_col");
  } else if (!config_.stratify_by().empty()) {
    part_ = stratified_parts(fitting, random, shares, config_.stratify_by(), at_ + ".stratify_by");
  } else if (!config_.group_by().empty()) {
    part_ = hashed_groups(fitting.schema(), random, config_.group_by(), weights_);
  } else if (!config_.order_by().empty() || config_.in_order()) {
    part_ = ordered_parts(fitting, shares, config_.order_by());
  } else {
    part_ = random_parts(fitting, random, shares);
  }
  sizes_ = count_parts(fitting, part_, parts_);
}

Folds::Folds(FoldOptions options, std::string at)
    : options_(std::move(options)), at_(std::move(at)) {
  if (options_.folds < 2) {
    throw ConfigError(fmt::format("{} folds leave nothing to learn from", options_.folds),
                      {.field = at_ + ".num_folds"}, "give 2 or more");
  }
  only_way(columns_of(options_), false, at_);
}

std::vector<std::string> Folds::input_columns() const { return names_of(columns_of(options_)); }

void Folds::check(const Schema& schema) const {
  check_columns(columns_of(options_), schema, at_);
  if (!options_.fold_col.empty())
    input_column(schema, options_.fold_col, {ColumnType::Kind::Number}, at_ + ".fold_col");
}

void Folds::fit(const TrainingRows& fitting) {
  const Random random(options_.seed, Purpose::Folds);
  const std::size_t folds = options_.folds;
  const ShareOut shares = [folds](const auto& classes) { return equal_sizes(classes, folds); };
  if (!options_.fold_col.empty()) {
    fold_ = named_parts(options_.fold_col, folds, {}, at_ + ".fold_col");
  } else if (!options_.stratify_by.empty()) {
    fold_ = stratified_parts(fitting, random, shares, options_.stratify_by, at_ + ".stratify_by");
  } else if (!options_.group_by.empty()) {
    fold_ = even_groups(fitting, random, options_.group_by, folds);
  } else {
    fold_ = random_parts(fitting, random, shares);
  }
  sizes_ = count_parts(fitting, fold_, folds);
  for (std::size_t fold = 0; fold < folds; ++fold) {
    if (sizes_[fold] != 0) continue;
    throw DataError(fmt::format("fold {} (counted from 0) of {} has no rows", fold, folds),
                    {.field = at_ + ".num_folds"}, "ask for fewer folds, or give more rows");
  }
}

std::vector<Dataset> apply_split(const dist::Cluster& cluster, Dataset rows,
                                 const Splitting& splitting, std::size_t parts,
                                 const LoadOptions& options) {
  const PartOf part_of = [&](const Partition& partition, std::size_t row) {
    return splitting.part(partition, row);
  };
  return take_parts(cluster, rows, part_of, parts, options,
                    [&](std::size_t i) { rows.own[i] = Partition(); });
}

Splitting make_splitting(const dist::Cluster& cluster, const Dataset& rows,
                         const proto::Split& config, const std::string& at, std::uint64_t seed) {
  const auto& [ranks, threads] = cluster;
  std::optional<Splitting> splitting;
  agreed(ranks, [&] {
    splitting.emplace(config, at);
    splitting->check(rows.schema);
    splitting->fit(TrainingRows(&ranks, threads, rows, seed));
  });
  return std::move(*splitting);
}

std::vector<Dataset> split_rows(const dist::Cluster& cluster, Dataset rows,
                                const proto::Split& config, const std::string& at,
                                const LoadOptions& options) {
  const Splitting splitting = make_splitting(cluster, rows, config, at, options.seed);
  return apply_split(cluster, std::move(rows), splitting, splitting.parts(), options);
}

Folds make_folds(const dist::Cluster& cluster, const Dataset& rows, const FoldOptions& options,
                 const std::string& at) {
  const auto& [ranks, threads] = cluster;
  std::optional<Folds> folds;
  agreed(ranks, [&] {
    folds.emplace(options, at);
    folds->check(rows.schema);
    folds->fit(TrainingRows(&ranks, threads, rows, options.seed));
  });
  return std::move(*folds);
}

FoldRows take_fold(const dist::Cluster& cluster, const Dataset& rows, const Folds& folds,
                   std::size_t fold, const LoadOptions& options) {
  const PartOf part_of = [&](const Partition& partition, std::size_t row) {
    return folds.fold(partition, row) == fold ? std::size_t{1} : std::size_t{0};
  };
  auto parts = take_parts(cluster, rows, part_of, 2, options, [](std::size_t) {});
  return {std::move(parts[0]), std::move(parts[1])};
}

}  // namespace lockstep::data
