#pragma once
/// Rows on their way from the batches of a rank to the packs of the ranks that own their
/// partitions, in rounds.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/thread_pool.hpp"
#include "data/storage/batch_store.hpp"
#include "data/storage/memory_limit.hpp"
#include "data/storage/partition_packs.hpp"
#include "dist/cluster.hpp"
#include "dist/tree.hpp"

namespace lockstep::data {

/// What a rank sends in one round of the exchange, about: it ends with the batch that fills it.
inline constexpr std::size_t kRoundBytes = std::size_t{64} << 20;
std::size_t round_bytes(const MemoryShares& shares, std::size_t most = kRoundBytes);

/// Where each row goes: to slot `slot` of pack `key`. Keys p and p + K belong to the owner of
/// partition p of K.
struct Target {
  std::uint64_t key = 0, slot = 0;
};
using RowTarget = std::function<Target(std::uint64_t row)>;

/// COLLECTIVE. Rows of all ranks, and of the ranks before this one.
struct RowCount {
  std::uint64_t all = 0, before = 0;
};
RowCount count_rows(const dist::Communicator& ranks, std::uint64_t own);

class Shuffle {
 public:
  /// `owners[p]` is the rank of partition p; this rank's rows are numbered from `first_row` on.
  Shuffle(const dist::Cluster& cluster, RowTarget route, std::vector<int> owners,
          std::uint64_t first_row)
      : ranks_(cluster.ranks),
        threads_(cluster.threads),
        route_(std::move(route)),
        owners_(std::move(owners)),
        next_row_(first_row) {}

  /// COLLECTIVE, once. Empties `batches`. `packs`: those of the own partitions `block` with keys
  /// below K, then those with keys from K on.
  void run(BatchStore& batches, PartitionPacks& packs, dist::Range block, std::size_t round_bytes);

 private:
  /// Rows of one partition.
  struct Piece {
    std::uint64_t key;
    std::string content;
  };

  std::vector<std::string> messages(std::size_t most_bytes) const;
  bool load(BatchStore& batches, std::vector<std::string>& outgoing, std::size_t round_bytes);
  std::vector<Piece> sort_out(const PackedRows& rows, std::uint64_t first) const;
  void unload(std::vector<std::string> incoming, PartitionPacks& packs, dist::Range block) const;
  std::size_t pack_of(std::size_t key, dist::Range block) const;

  const dist::Communicator& ranks_;
  ThreadPool& threads_;
  RowTarget route_;
  std::vector<int> owners_;
  std::uint64_t next_row_;
  std::size_t next_batch_ = 0;
};

}  // namespace lockstep::data
