#include "data/redistribute.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <numeric>
#include <optional>

#include "core/error.hpp"
#include "data/partition_file.hpp"
#include "data/partition_packs.hpp"
#include "data/row_plan.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

// Of a memory limit: rows as parsed, rows as they have come, and rows on their way.
constexpr const char* kRowId = "";  // no column of a dataset has this name
constexpr std::uint64_t kBatchShare = 4, kPackShare = 4, kRoundShare = 8;

template <typename T>
T take(std::string_view& in) {
  T value;
  std::memcpy(&value, in.data(), sizeof(T));
  in.remove_prefix(sizeof(T));
  return value;
}

std::string scratch_of(const LoadOptions& options) {
  return options.scratch_folder.empty() ? scratch_folder() : options.scratch_folder;
}

/// Training partitions are numbered 0 .. K - 1, validation partitions K .. 2K - 1.
std::uint64_t key_of(const Place& place, std::size_t partitions) {
  return place.partition + (place.part == Part::Validation ? partitions : 0);
}

/// Where each row goes: to slot `slot` of partition `key`.
struct Target {
  std::uint64_t key = 0, slot = 0;
};
using Route = std::function<Target(std::uint64_t row)>;

/// Rows from their batches to the packs of their owners.
class Journey {
 public:
  /// `owners[p]` is the rank of partition p; this rank's rows are numbered from `first_row` on.
  Journey(const dist::Communicator& ranks, ThreadPool& threads, Route route,
          std::vector<int> owners, BatchStore& batches, std::uint64_t first_row, dist::Node block,
          PartitionPacks& packs)
      : ranks_(ranks),
        threads_(threads),
        route_(std::move(route)),
        owners_(std::move(owners)),
        batches_(batches),
        next_row_(first_row),
        block_(block),
        packs_(packs) {}

  /// COLLECTIVE.
  void run(std::size_t round_bytes) {
    std::vector<std::string> incoming;
    for (;;) {
      std::vector<std::string> outgoing(static_cast<std::size_t>(ranks_.world_size()));
      std::int64_t sends[] = {0};
      dist::all_or_none(ranks_, [&] {
        unload(std::move(incoming));
        sends[0] = load(outgoing, round_bytes) ? 1 : 0;
      });
      ranks_.allreduce_max(sends);
      if (sends[0] == 0) return;
      const auto self = static_cast<std::size_t>(ranks_.rank());
      std::string own = std::move(outgoing[self]);
      outgoing[self].clear();
      incoming = ranks_.all_to_all(std::move(outgoing));
      incoming[self] = std::move(own);
    }
  }

 private:
  /// Rows of one partition in a message: key, bytes, content.
  struct Piece {
    std::uint64_t key;
    std::string content;
  };

  /// Fills `outgoing` with whole batches until round_bytes are reached. False if none are left.
  bool load(std::vector<std::string>& outgoing, std::size_t round_bytes) {
    bool any = false;
    for (std::size_t bytes = 0; next_ < batches_.batches() && bytes < round_bytes;) {
      any = true;
      const std::size_t count = std::min(threads_.size(), batches_.batches() - next_);
      std::vector<std::uint64_t> first(count);
      for (std::size_t i = 0; i < count; ++i) {
        first[i] = next_row_;
        next_row_ += batches_.rows_of_batch(next_ + i);
      }
      std::vector<std::vector<Piece>> pieces(count);
      threads_.for_each(count, [&](std::size_t, std::size_t i) {
        pieces[i] = sort_out(batches_.take(next_ + i), first[i]);
      });
      next_ += count;
      for (auto& batch : pieces) {
        for (Piece& piece : batch) {
          const std::uint64_t head[2] = {piece.key, piece.content.size()};
          const int owner = owners_[static_cast<std::size_t>(piece.key) % owners_.size()];
          auto& message = outgoing[static_cast<std::size_t>(owner)];
          message.append(reinterpret_cast<const char*>(head), sizeof(head));
          message.append(piece.content);
          bytes += sizeof(head) + piece.content.size();
        }
      }
    }
    return any;
  }

  /// The rows of a batch by partition.
  std::vector<Piece> sort_out(const PackedRows& rows, std::uint64_t first) const {
    struct Way {
      std::uint64_t key, slot;
      std::size_t row;
    };
    std::vector<Way> ways(rows.rows());
    for (std::size_t i = 0; i < ways.size(); ++i) {
      const Target target = route_(first + i);
      ways[i] = {target.key, target.slot, i};
    }
    std::sort(ways.begin(), ways.end(), [](const Way& a, const Way& b) {
      return a.key != b.key ? a.key < b.key : a.row < b.row;
    });
    std::vector<Piece> pieces;
    for (const Way& way : ways) {
      if (pieces.empty() || pieces.back().key != way.key) pieces.push_back({way.key, {}});
      PartitionPacks::put_row(pieces.back().content, way.slot, rows.row(way.row));
    }
    return pieces;
  }

  void unload(std::vector<std::string> incoming) {
    std::vector<std::vector<std::string_view>> by_pack(2 * (block_.end - block_.begin));
    for (std::string_view rest : incoming) {
      while (!rest.empty()) {
        const auto key = static_cast<std::size_t>(take<std::uint64_t>(rest));
        const auto size = static_cast<std::size_t>(take<std::uint64_t>(rest));
        by_pack[pack_of(key)].push_back(rest.substr(0, size));
        rest.remove_prefix(size);
      }
    }
    threads_.for_each(by_pack.size(), [&](std::size_t, std::size_t i) {
      for (const auto piece : by_pack[i]) packs_.add(i, piece);
    });
  }

  std::size_t pack_of(std::size_t key) const {
    const std::size_t partition = key % owners_.size(), width = block_.end - block_.begin;
    expects(partition >= block_.begin && partition < block_.end, "the row belongs to this rank");
    return partition - block_.begin + (key >= owners_.size() ? width : 0);
  }

  const dist::Communicator& ranks_;
  ThreadPool& threads_;
  Route route_;
  std::vector<int> owners_;
  BatchStore& batches_;
  std::size_t next_ = 0;
  std::uint64_t next_row_;
  dist::Node block_;
  PartitionPacks& packs_;
};

/// COLLECTIVE. Rows of all ranks, and of the ranks before this one.
struct Count {
  std::uint64_t all = 0, before = 0;
};
Count count_rows(const dist::Communicator& ranks, std::uint64_t own) {
  const auto counts = ranks.allgather(std::as_bytes(std::span(&own, 1)));
  Count count;
  for (std::size_t r = 0; r < counts.size(); ++r) {
    if (static_cast<int>(r) == ranks.rank()) count.before = count.all;
    std::string_view bytes = counts[r];
    count.all += take<std::uint64_t>(bytes);
  }
  return count;
}

DenseVectors densify(const SparseVectors& sparse) {
  std::vector<double> values(sparse.rows() * sparse.width);
  for (std::size_t row = 0; row < sparse.rows(); ++row)
    copy_row(sparse, row, values.data() + row * sparse.width);
  return {sparse.width, std::move(values)};
}

/// Makes the columns of a dataset's own partitions out of their packs.
void fill(Dataset& dataset, Part part, PartitionPacks& packs, const ParsedRows& parsed,
          const LoadOptions& options, CacheEntry* cache, ThreadPool& threads) {
  const std::size_t width = dataset.own.size();
  threads.for_each(width, [&](std::size_t, std::size_t i) {
    Partition& partition = dataset.own[i];
    partition.columns =
        packs.unpack(part == Part::Training ? i : width + i, parsed.format, partition.rows());
    for (const auto& name : parsed.dropped) partition.columns.erase(name);
    for (auto& [name, column] : partition.columns) {
      if (const auto* sparse = std::get_if<SparseVectors>(&column); sparse && parsed.dense)
        column = densify(*sparse);
    }
    if (cache != nullptr) cache->put(part, partition);
    if (options.memory_limit_bytes != 0 && !partition.unmap)
      move_to_disk(partition, scratch_of(options));
    partition.release();
  });
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
  parsed.rows = BatchStore(options.memory_limit_bytes / kBatchShare, scratch_of(options));
  return parsed;
}

LoadedData redistribute(const dist::Communicator& ranks, ThreadPool& threads,
                        const std::string& name, ParsedRows parsed, const LoadOptions& options,
                        CacheEntry* cache, std::size_t round_bytes) {
  const Count count = count_rows(ranks, parsed.rows.rows());
  const dist::Node block = options.blocks.at(static_cast<std::size_t>(ranks.rank()));
  if (const std::uint64_t limit = options.memory_limit_bytes; limit != 0)
    round_bytes =
        std::min<std::size_t>(round_bytes, std::max<std::uint64_t>(1, limit / kRoundShare));
  std::optional<RowPlan> plan;
  std::optional<PartitionPacks> packs;
  std::optional<Journey> journey;
  dist::all_or_none(ranks, [&] {
    if (count.all == 0)
      throw DataError("no rows in the file", {.file = name}, "give a file with at least one row");
    plan.emplace(count.all, options);
    packs.emplace(2 * (block.end - block.begin), options.memory_limit_bytes / kPackShare,
                  scratch_of(options));
    const Route route = [&plan = *plan](std::uint64_t row) {
      const Place place = plan.place(plan.position(row));
      return Target{key_of(place, plan.partitions()), place.slot};
    };
    journey.emplace(ranks, threads, route, plan->owners(), parsed.rows, count.before, block,
                    *packs);
  });
  journey->run(round_bytes);
  LoadedData data;
  dist::all_or_none(ranks, [&] {
    Schema schema = parsed.format.schema();
    std::vector<std::string> kept;
    for (const auto& column : schema.names()) {
      if (std::find(parsed.dropped.begin(), parsed.dropped.end(), column) == parsed.dropped.end())
        kept.push_back(column);
    }
    schema.keep(kept);
    for (const Part part : {Part::Training, Part::Validation}) {
      Dataset& dataset = part == Part::Training ? data.rows : data.validation;
      dataset = make_dataset(name, *plan, part, block, threads);
      dataset.schema = schema;
      fill(dataset, part, *packs, parsed, options, cache, threads);
    }
  });
  if (cache != nullptr) cache->commit(data);
  return data;
}

void rebalance(const dist::Communicator& ranks, ThreadPool& threads, Dataset& dataset,
               const LoadOptions& options) {
  const std::size_t partitions = dataset.partitions;
  std::vector<int> owners(partitions);
  const auto blocks = ranks.allgather(std::as_bytes(std::span(&dataset.block, 1)));
  for (std::size_t rank = 0; rank < blocks.size(); ++rank) {
    std::string_view bytes = blocks[rank];
    const auto block = take<dist::Node>(bytes);
    for (std::size_t p = block.begin; p < block.end; ++p) owners[p] = static_cast<int>(rank);
  }
  BatchStore batches = empty_rows(options).rows;
  RowFormat format;
  dist::all_or_none(ranks, [&] {
    for (Partition& partition : dataset.own) {
      format = format_of(dataset.schema, partition);
      format.cells.push_back({kRowId, {ColumnType::Kind::Number}, Encoding::Number});
      std::vector<double> ids;
      for (const std::uint64_t id : partition.row_ids) ids.push_back(std::bit_cast<double>(id));
      partition.set(kRowId, Numbers{std::move(ids)});
      PackedRows rows;
      for (std::size_t row = 0; row < partition.rows(); ++row) pack(format, partition, row, rows);
      batches.push(std::move(rows));
      partition = Partition{.index = partition.index, .row_ids = {}, .columns = {}, .unmap = {}};
    }
  });
  const Count count = count_rows(ranks, batches.rows());
  const std::uint64_t m = count.all;
  dist::all_or_none(ranks, [&] {
    if (m == 0)
      throw DataError("no rows are left", {.file = dataset.name}, "every row was dropped");
  });
  PartitionPacks packs(2 * dataset.own.size(), options.memory_limit_bytes / kPackShare,
                       scratch_of(options));
  const Route route = [&](std::uint64_t row) {
    const std::uint64_t p = row * partitions / m;
    return Target{p, row - partition_begin(m, partitions, static_cast<std::size_t>(p))};
  };
  Journey(ranks, threads, route, owners, batches, count.before, dataset.block, packs)
      .run(kRoundBytes);
  dataset.rows = m;
  dist::all_or_none(ranks, [&] {
    threads.for_each(dataset.own.size(), [&](std::size_t, std::size_t i) {
      Partition& partition = dataset.own[i];
      const auto rows =
          static_cast<std::size_t>(partition_begin(m, partitions, partition.index + 1) -
                                   partition_begin(m, partitions, partition.index));
      partition.columns = packs.unpack(i, format, rows);
      std::vector<std::uint64_t> ids;
      for (const double id : partition.get<Numbers>(kRowId).values)
        ids.push_back(std::bit_cast<std::uint64_t>(id));
      partition.columns.erase(kRowId);
      partition.row_ids = std::move(ids);
      if (options.memory_limit_bytes != 0) move_to_disk(partition, scratch_of(options));
    });
  });
}

}  // namespace lockstep::data
