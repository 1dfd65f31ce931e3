#include "data/pipeline.hpp"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <span>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/process_memory.hpp"
#include "core/serial.hpp"
#include "data/rebalance.hpp"
#include "data/storage/memory_limit.hpp"
#include "data/storage/partition_file.hpp"
#include "dist/session.hpp"

namespace lockstep::data {

namespace {

/// COLLECTIVE. Jobs agree on errors; what follows them is the same on every rank, and so are its
/// errors.
template <typename Work>
void agreed(const dist::Communicator& ranks, const Work& work) {
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

}  // namespace

/// Stages [begin, end) on their way over a dataset.
struct Pipeline::Group {
  std::size_t begin = 0, end = 0;
  Phase phase = Phase::Training;
  std::vector<std::string> needed;  // columns kept behind the last one; empty: all
  std::string lacking{};            // what the first stage that is left out lacks
};

/// What a stage did to this rank's rows.
struct Pipeline::Tally {
  std::atomic<std::uint64_t> rows = 0, missing = 0;
  std::atomic<const char*> verb = nullptr;

  void add(const Effect& effect) {
    rows += effect.rows;
    missing += effect.missing;
    if (effect.verb != nullptr) verb = effect.verb;
  }
};

Pipeline::Pipeline(const std::vector<proto::Stage>& stages, const MakeStage& make) {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const std::string at = fmt::format("stage[{}]", i);
    stages_.push_back(make(stages[i], at));
    const auto* oneof = stages[i].GetDescriptor()->oneof_decl(0);
    names_.push_back(at + "." +
                     stages[i].GetReflection()->GetOneofFieldDescriptor(stages[i], oneof)->name());
  }
}

Schema Pipeline::output_schema(Schema schema) const {
  for (const auto& stage : stages_) schema = stage->output_schema(schema);
  return schema;
}

/// What the stages from `stage` on read, and what is needed in the end. Empty: everything. A stage
/// that names no columns looks at all.
std::vector<std::string> Pipeline::needed_after(std::size_t stage,
                                                const std::vector<std::string>& needed) const {
  if (needed.empty()) return {};
  std::vector<std::string> all = needed;
  for (std::size_t i = stage; i < stages_.size(); ++i) {
    const auto inputs = stages_[i]->input_columns();
    if (inputs.empty()) return {};
    all.insert(all.end(), inputs.begin(), inputs.end());
  }
  return all;
}

/// The stages of the group that find their columns. Rows to be scored may lack some.
std::vector<std::size_t> Pipeline::possible_stages(Group& group, Schema schema) const {
  std::vector<std::size_t> possible;
  for (std::size_t i = group.begin; i < group.end; ++i) {
    const auto inputs = stages_[i]->input_columns();
    const auto missing = std::find_if(inputs.begin(), inputs.end(), [&](const auto& name) {
      return !schema.has(name) && !stages_[i]->can_do_without(name);
    });
    if (group.phase == Phase::Scoring && missing != inputs.end()) {
      if (group.lacking.empty())
        group.lacking = fmt::format("{} needs the column '{}'", names_[i], *missing);
      continue;
    }
    schema = stages_[i]->output_schema(schema);
    possible.push_back(i);
  }
  return possible;
}

/// In as few passes over the partitions as there can be: what a stage looks at in all rows must be
/// there before.
void Pipeline::apply(Group& group, const dist::Cluster& cluster, Dataset& dataset,
                     const LoadOptions& options) const {
  for (std::size_t end = group.begin; end < group.end;) {
    for (++end; end < group.end && !stages_[end]->looks_at_all_rows();) ++end;
    if (end == group.end) break;
    Group part{group.begin, end, group.phase, needed_after(end, group.needed), group.lacking};
    apply_at_once(part, cluster, dataset, options);
    group.begin = end;
    group.lacking = part.lacking;
  }
  apply_at_once(group, cluster, dataset, options);
}

/// Only the first stage of the group may look at all rows.
void Pipeline::apply_at_once(Group& group, const dist::Cluster& cluster, Dataset& dataset,
                             const LoadOptions& options) const {
  const auto& [ranks, threads] = cluster;
  if (group.begin == group.end && group.needed.empty()) return;
  std::vector<std::size_t> possible;
  dist::all_or_none(ranks, [&] { possible = possible_stages(group, dataset.schema); });
  if (!possible.empty() && stages_[possible.front()]->looks_at_all_rows()) {
    agreed(ranks, [&] {
      const TrainingRows rows(&ranks, threads, dataset, options.seed);
      stages_[possible.front()]->prepare({rows, group.phase, options.labels_optional});
    });
  }
  std::vector<Tally> tallies(possible.size());
  std::uint64_t largest = 0;
  std::int64_t rows[] = {0};
  dist::all_or_none(ranks, [&] {
    largest = transform_own(group, possible, threads, dataset, options, tallies);
    for (const std::size_t i : possible) dataset.schema = stages_[i]->output_schema(dataset.schema);
    if (!group.needed.empty()) dataset.schema.keep(group.needed);
    for (const auto& partition : dataset.own)
      rows[0] += static_cast<std::int64_t>(partition.rows());
  });
  warn_of_large_partitions(ranks, dataset, largest, options.memory_limit_bytes);
  ranks.allreduce_sum(rows);
  dataset.rows = static_cast<std::uint64_t>(rows[0]);
  report(ranks, possible, tallies);
}

/// Puts this rank's partitions through the stages; returns the bytes of the largest one at work.
std::uint64_t Pipeline::transform_own(const Group& group, const std::vector<std::size_t>& possible,
                                      ThreadPool& threads, Dataset& dataset,
                                      const LoadOptions& options,
                                      std::vector<Tally>& tallies) const {
  const auto make = [&](std::size_t p) {
    Partition& partition = dataset.own[p];
    std::uint64_t bytes = payload_bytes(partition);
    for (std::size_t i = 0; i < possible.size(); ++i)
      tallies[i].add(stages_[possible[i]]->transform(partition, group.phase));
    if (!group.needed.empty()) {
      std::erase_if(partition.columns, [&](const auto& column) {
        return std::find(group.needed.begin(), group.needed.end(), column.first) ==
               group.needed.end();
      });
    }
    bytes += payload_bytes(partition);
    set_aside(partition, options);
    return bytes;
  };
  const std::uint64_t largest =
      make_partitions(threads, dataset.own.size(), options.memory_limit_bytes, make);
  if (options.memory_limit_bytes != 0) trim_heap();
  return largest;
}

/// COLLECTIVE. The driver says what the stages did to the rows of all ranks; it may have none.
void Pipeline::report(const dist::Communicator& ranks, const std::vector<std::size_t>& possible,
                      const std::vector<Tally>& tallies) const {
  Writer own;
  for (const auto& tally : tallies) {
    own.value(tally.rows.load());
    own.value(tally.missing.load());
    own.text(tally.verb != nullptr ? tally.verb.load() : "");
  }
  const std::string bytes = own.take();
  const auto all = ranks.gather(std::as_bytes(std::span(bytes)));
  if (ranks.rank() != 0) return;
  std::vector<Reader> readers(all.begin(), all.end());
  for (const std::size_t stage : possible) {
    std::uint64_t rows = 0, missing = 0;
    std::string verb;
    for (auto& reader : readers) {
      rows += reader.value<std::uint64_t>();
      missing += reader.value<std::uint64_t>();
      if (const std::string text = reader.text(); !text.empty()) verb = text;
    }
    if (verb.empty()) continue;
    log::info("{}: {} rows {}{}", names_[stage], rows, verb,
              missing > 0 ? fmt::format(", {} of them missing now", missing) : "");
  }
}

void Pipeline::fit(const dist::Cluster& cluster, Dataset& training,
                   const std::vector<std::string>& needed, const LoadOptions& options, Part part) {
  const auto& [ranks, threads] = cluster;
  const std::uint64_t rows = training.rows;
  const std::size_t end = std::min(part.end, stages_.size());
  Group group;
  group.begin = part.begin;
  for (std::size_t i = part.begin; i < end; ++i) {
    if (stages_[i]->is_fitted()) continue;
    group.end = i;
    group.needed = needed_after(i, needed);
    apply(group, cluster, training, options);
    group.begin = i;
    agreed(ranks, [&] { stages_[i]->fit(TrainingRows(&ranks, threads, training, options.seed)); });
  }
  group.end = end;
  group.needed = needed_after(end, needed);
  apply(group, cluster, training, options);
  if (training.rows != rows) rebalance(cluster, training, options);
}

std::string Pipeline::transform(const dist::Cluster& cluster, Dataset& dataset,
                                const std::vector<std::string>& needed, const LoadOptions& options,
                                Part part) const {
  const std::size_t end = std::min(part.end, stages_.size());
  Group group{part.begin, end, Phase::Scoring, needed_after(end, needed)};
  apply(group, cluster, dataset, options);
  return group.lacking;
}

std::vector<proto::Stage> Pipeline::save() const {
  std::vector<proto::Stage> saved;
  for (const auto& stage : stages_) saved.push_back(stage->save());
  return saved;
}

}  // namespace lockstep::data
