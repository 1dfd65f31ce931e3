#include "data/redistribute.hpp"

#include <algorithm>
#include <optional>

#include "core/error.hpp"
#include "core/process_memory.hpp"
#include "data/row_plan.hpp"
#include "data/storage/memory_limit.hpp"
#include "data/storage/partition_file.hpp"
#include "data/storage/partition_packs.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

/// Training partitions are numbered 0 .. K - 1, validation partitions K .. 2K - 1.
std::uint64_t key_of(const Place& place, std::size_t partitions) {
  return place.partition + (place.part == Part::Validation ? partitions : 0);
}

DenseVectors densify(const SparseVectors& sparse) {
  std::vector<double> values(sparse.rows() * sparse.width);
  for (std::size_t row = 0; row < sparse.rows(); ++row)
    copy_row(sparse, row, values.data() + row * sparse.width);
  return {sparse.width, std::move(values)};
}

/// Makes the columns of partition `i` out of its pack. Returns the bytes that took.
std::uint64_t unpack_into(Partition& partition, PartitionPacks& packs, std::size_t i,
                          const ParsedRows& parsed) {
  std::uint64_t bytes = packs.size_bytes(i);
  partition.columns = packs.unpack(i, parsed.format, partition.rows());
  for (const auto& name : parsed.dropped) partition.columns.erase(name);
  bytes += payload_bytes(partition);
  if (!parsed.dense) return bytes;
  for (auto& [name, column] : partition.columns) {
    if (const auto* sparse = std::get_if<SparseVectors>(&column)) column = densify(*sparse);
  }
  return bytes + payload_bytes(partition);
}

/// What partitions are made with.
struct Making {
  ThreadPool& threads;
  const ParsedRows& parsed;
  const LoadOptions& options;
  CacheEntry* cache;  // or null
};

/// Makes a dataset's own partitions out of their packs. Returns the most bytes that one took.
std::uint64_t fill(Dataset& dataset, Part part, const RowPlan& plan, PartitionPacks& packs,
                   const Making& making) {
  const LoadOptions& options = making.options;
  const std::size_t first = part == Part::Training ? 0 : dataset.own.size();
  return make_partitions(
      making.threads, dataset.own.size(), options.memory_limit_bytes, [&](std::size_t i) {
        Partition& partition = dataset.own[i];
        partition.row_ids = row_ids(plan, part, partition.index);
        const std::uint64_t bytes = unpack_into(partition, packs, first + i, making.parsed);
        if (making.cache != nullptr) making.cache->put(part, partition);
        if (!partition.unmap) set_aside(partition, options);
        partition.release();
        return bytes;
      });
}

/// Of the columns that are kept.
Schema schema_of(const ParsedRows& parsed) {
  Schema schema = parsed.format.schema();
  std::vector<std::string> kept;
  for (const auto& column : schema.names()) {
    if (std::find(parsed.dropped.begin(), parsed.dropped.end(), column) == parsed.dropped.end())
      kept.push_back(column);
  }
  schema.keep(kept);
  return schema;
}

}  // namespace

int first_worker(const LoadOptions& options) {
  for (std::size_t rank = 0; rank < options.blocks.size(); ++rank) {
    if (options.blocks[rank].begin < options.blocks[rank].end) return static_cast<int>(rank);
  }
  return 0;
}

ParsedRows empty_rows(const LoadOptions& options) {
  ParsedRows parsed;
  parsed.rows = BatchStore(MemoryShares(options.memory_limit_bytes).batches, options.scratch());
  return parsed;
}

LoadedData redistribute(const dist::Cluster& cluster, const std::string& name, ParsedRows parsed,
                        const LoadOptions& options, CacheEntry* cache,
                        std::size_t most_round_bytes) {
  const auto& [ranks, threads] = cluster;
  const RowCount count = count_rows(ranks, parsed.rows.rows());
  const dist::Range block = options.blocks.at(static_cast<std::size_t>(ranks.rank()));
  const MemoryShares shares(options.memory_limit_bytes);
  std::optional<RowPlan> plan;
  std::optional<PartitionPacks> packs;
  std::optional<Shuffle> shuffle;
  dist::all_or_none(ranks, [&] {
    if (count.all == 0)
      throw DataError("no rows in the file", {.file = name}, "give a file with at least one row");
    plan.emplace(count.all, options);
    packs.emplace(2 * (block.end - block.begin), shares.packs, options.scratch());
    const RowTarget route = [&plan = *plan](std::uint64_t row) {
      const Place place = plan.place(plan.position(row));
      return Target{key_of(place, plan.partitions()), place.slot};
    };
    shuffle.emplace(cluster, route, plan->owners(), count.before);
  });
  shuffle->run(parsed.rows, *packs, block, round_bytes(shares, most_round_bytes));
  LoadedData data;
  std::uint64_t largest = 0;
  dist::all_or_none(ranks, [&] {
    parsed.rows.clear();
    if (options.memory_limit_bytes != 0) trim_heap();
    const Making making{threads, parsed, options, cache};
    for (const Part part : {Part::Training, Part::Validation}) {
      Dataset& dataset = part == Part::Training ? data.rows : data.validation;
      dataset = make_dataset(name, *plan, part, block);
      dataset.schema = schema_of(parsed);
      largest = std::max(largest, fill(dataset, part, *plan, *packs, making));
    }
  });
  if (cache != nullptr) cache->commit(data);
  warn_of_large_partitions(ranks, data.rows, largest, options.memory_limit_bytes);
  return data;
}

}  // namespace lockstep::data
