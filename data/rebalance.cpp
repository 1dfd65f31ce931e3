#include "data/rebalance.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "core/error.hpp"
#include "core/process_memory.hpp"
#include "data/shuffle.hpp"
#include "data/storage/memory_limit.hpp"
#include "data/storage/partition_file.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

constexpr const char* kRowId = "";  // no column of a dataset has this name
constexpr std::size_t kBatchBytes = std::size_t{1} << 20;

/// COLLECTIVE. The rank of each partition.
std::vector<int> owners_of(const dist::Communicator& ranks, const Dataset& dataset) {
  std::vector<int> owners(dataset.partitions);
  const auto blocks = ranks.allgather(std::as_bytes(std::span(&dataset.block, 1)));
  for (std::size_t rank = 0; rank < blocks.size(); ++rank) {
    dist::Range block;
    std::memcpy(&block, blocks[rank].data(), sizeof(block));
    for (std::size_t p = block.begin; p < block.end; ++p) owners[p] = static_cast<int>(rank);
  }
  return owners;
}

/// Packs a partition's rows, each with its number as the last cell, and empties the partition.
RowFormat pack_up(Partition& partition, const Schema& schema, BatchStore& batches) {
  RowFormat format = format_of(schema, partition);
  format.cells.push_back({kRowId, {ColumnType::Kind::Number}, Encoding::Number});
  std::vector<double> ids;
  for (const std::uint64_t id : partition.row_ids) ids.push_back(std::bit_cast<double>(id));
  partition.set(kRowId, Numbers{std::move(ids)});
  PackedRows rows;
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    pack(format, partition, row, rows);
    if (rows.size_bytes() > kBatchBytes) batches.push(std::exchange(rows, {}));
  }
  batches.push(std::move(rows));
  partition = Partition{.index = partition.index, .row_ids = {}, .columns = {}, .unmap = {}};
  return format;
}

/// Makes a partition of the rows that have come for it. Returns the bytes that took.
std::uint64_t unpack_into(Partition& partition, PartitionPacks& packs, std::size_t i,
                          const RowFormat& format, std::size_t rows) {
  const std::uint64_t packed = packs.size_bytes(i);
  partition.columns = packs.unpack(i, format, rows);
  std::vector<std::uint64_t> ids;
  for (const double id : partition.get<Numbers>(kRowId).values)
    ids.push_back(std::bit_cast<std::uint64_t>(id));
  partition.columns.erase(kRowId);
  partition.row_ids = std::move(ids);
  return packed + payload_bytes(partition);
}

}  // namespace

void rebalance(const dist::Cluster& cluster, Dataset& dataset, const LoadOptions& options) {
  const auto& [ranks, threads] = cluster;
  const std::size_t partitions = dataset.partitions;
  const std::vector<int> owners = owners_of(ranks, dataset);
  const MemoryShares shares(options.memory_limit_bytes);
  BatchStore batches(shares.batches, options.scratch());
  RowFormat format;
  dist::all_or_none(ranks, [&] {
    for (Partition& partition : dataset.own) format = pack_up(partition, dataset.schema, batches);
  });
  const RowCount count = count_rows(ranks, batches.rows());
  const std::uint64_t m = count.all;
  dist::all_or_none(ranks, [&] {
    if (m == 0)
      throw DataError("no rows are left", {.file = dataset.name}, "every row was dropped");
  });
  PartitionPacks packs(2 * dataset.own.size(), shares.packs, options.scratch());
  const RowTarget route = [&](std::uint64_t row) {
    const std::uint64_t p = row * partitions / m;
    return Target{p, row - partition_begin(m, partitions, static_cast<std::size_t>(p))};
  };
  Shuffle(cluster, route, owners, count.before)
      .run(batches, packs, dataset.block, round_bytes(shares));
  dataset.rows = m;
  dist::all_or_none(ranks, [&] {
    make_partitions(threads, dataset.own.size(), options.memory_limit_bytes, [&](std::size_t i) {
      Partition& partition = dataset.own[i];
      const auto rows =
          static_cast<std::size_t>(partition_begin(m, partitions, partition.index + 1) -
                                   partition_begin(m, partitions, partition.index));
      const std::uint64_t bytes = unpack_into(partition, packs, i, format, rows);
      set_aside(partition, options);
      return bytes;
    });
    if (options.memory_limit_bytes != 0) trim_heap();
  });
}

}  // namespace lockstep::data
