#include "data/pipeline.hpp"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <atomic>
#include <exception>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/process_memory.hpp"
#include "data/memory_limit.hpp"
#include "data/partition_file.hpp"
#include "data/rebalance.hpp"
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

Pipeline::Pipeline(const std::vector<proto::Stage>& stages) {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const std::string at = fmt::format("stage[{}]", i);
    stages_.push_back(make_feature_stage(stages[i], at));
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
void Pipeline::apply(Group& group, const dist::Communicator& ranks, ThreadPool& threads,
                     Dataset& dataset, const LoadOptions& options) const {
  for (std::size_t end = group.begin; end < group.end;) {
    for (++end; end < group.end && !stages_[end]->looks_at_all_rows();) ++end;
    if (end == group.end) break;
    Group part{group.begin, end, group.phase, needed_after(end, group.needed), group.lacking};
    apply_at_once(part, ranks, threads, dataset, options);
    group.begin = end;
    group.lacking = part.lacking;
  }
  apply_at_once(group, ranks, threads, dataset, options);
}

/// Only the first stage of the group may look at all rows.
void Pipeline::apply_at_once(Group& group, const dist::Communicator& ranks, ThreadPool& threads,
                             Dataset& dataset, const LoadOptions& options) const {
  if (group.begin == group.end && group.needed.empty()) return;
  std::vector<std::size_t> possible;
  dist::all_or_none(ranks, [&] { possible = possible_stages(group, dataset.schema); });
  if (!possible.empty() && stages_[possible.front()]->looks_at_all_rows()) {
    agreed(ranks, [&] {
      const Fitting rows(&ranks, threads, dataset, options.seed);
      stages_[possible.front()]->prepare({rows, group.phase, options.labels_optional});
    });
  }
  const std::size_t count = possible.size();
  std::vector<std::atomic<std::int64_t>> touched(count);
  std::vector<std::atomic<const char*>> verbs(count);
  std::vector<std::int64_t> sums(count + 1);
  std::uint64_t largest = 0;
  dist::all_or_none(ranks, [&] {
    const auto make = [&](std::size_t p) {
      Partition& partition = dataset.own[p];
      std::uint64_t bytes = payload_bytes(partition);
      for (std::size_t i = 0; i < count; ++i) {
        const Effect effect = stages_[possible[i]]->transform(partition, group.phase);
        touched[i] += static_cast<std::int64_t>(effect.rows);
        if (effect.verb != nullptr) verbs[i] = effect.verb;
      }
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
    largest = make_partitions(threads, dataset.own.size(), options.memory_limit_bytes, make);
    if (options.memory_limit_bytes != 0) trim_heap();
    for (const std::size_t i : possible) dataset.schema = stages_[i]->output_schema(dataset.schema);
    if (!group.needed.empty()) dataset.schema.keep(group.needed);
    for (std::size_t i = 0; i < count; ++i) sums[i] = touched[i];
    for (const auto& partition : dataset.own)
      sums[count] += static_cast<std::int64_t>(partition.rows());
  });
  warn_of_large_partitions(ranks, dataset, largest, options.memory_limit_bytes);
  ranks.allreduce_sum(sums);
  dataset.rows = static_cast<std::uint64_t>(sums[count]);
  for (std::size_t i = 0; i < count; ++i) {
    if (ranks.rank() != 0 || sums[i] == 0) continue;
    const char* verb = verbs[i];
    log::info("{}: {} rows {}", names_[possible[i]], sums[i], verb != nullptr ? verb : "changed");
  }
}

void Pipeline::fit(const dist::Communicator& ranks, ThreadPool& threads, Dataset& training,
                   const std::vector<std::string>& needed, const LoadOptions& options) {
  const std::uint64_t rows = training.rows;
  Group group;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    if (stages_[i]->is_fitted()) continue;
    group.end = i;
    group.needed = needed_after(i, needed);
    apply(group, ranks, threads, training, options);
    group.begin = i;
    agreed(ranks, [&] { stages_[i]->fit(Fitting(&ranks, threads, training, options.seed)); });
  }
  group.end = stages_.size();
  group.needed = needed;
  apply(group, ranks, threads, training, options);
  if (training.rows != rows) rebalance(ranks, threads, training, options);
}

std::string Pipeline::transform(const dist::Communicator& ranks, ThreadPool& threads,
                                Dataset& dataset, const std::vector<std::string>& needed,
                                const LoadOptions& options) const {
  Group group{0, stages_.size(), Phase::Scoring, needed};
  apply(group, ranks, threads, dataset, options);
  return group.lacking;
}

std::vector<proto::Stage> Pipeline::save() const {
  std::vector<proto::Stage> saved;
  for (const auto& stage : stages_) saved.push_back(stage->save());
  return saved;
}

}  // namespace lockstep::data
