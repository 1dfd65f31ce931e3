#include "data/shuffle.hpp"

#include <algorithm>
#include <cstring>

#include "core/error.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

template <typename T>
T take(std::string_view& in) {
  T value;
  std::memcpy(&value, in.data(), sizeof(T));
  in.remove_prefix(sizeof(T));
  return value;
}

}  // namespace

std::size_t round_bytes(const MemoryShares& shares, std::size_t most) {
  return shares.messages == 0 ? most : std::min<std::size_t>(most, shares.messages);
}

RowCount count_rows(const dist::Communicator& ranks, std::uint64_t own) {
  const auto counts = ranks.allgather(std::as_bytes(std::span(&own, 1)));
  RowCount count;
  for (std::size_t r = 0; r < counts.size(); ++r) {
    if (static_cast<int>(r) == ranks.rank()) count.before = count.all;
    std::string_view bytes = counts[r];
    count.all += take<std::uint64_t>(bytes);
  }
  return count;
}

void Shuffle::run(BatchStore& batches, PartitionPacks& packs, dist::Range block,
                  std::size_t round_bytes) {
  std::vector<std::string> incoming;
  for (;;) {
    std::vector<std::string> outgoing;
    std::int64_t sends[] = {0};
    dist::all_or_none(ranks_, [&] {
      unload(std::move(incoming), packs, block);
      outgoing = messages(round_bytes);
      sends[0] = load(batches, outgoing, round_bytes) ? 1 : 0;
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

/// Empty ones, with room for what a rank gets if all partitions get the same: a message that grows
/// is in memory twice.
std::vector<std::string> Shuffle::messages(std::size_t most_bytes) const {
  std::vector<std::size_t> partitions(static_cast<std::size_t>(ranks_.world_size()));
  for (const int owner : owners_) ++partitions[static_cast<std::size_t>(owner)];
  std::vector<std::string> empty(partitions.size());
  for (std::size_t rank = 0; rank < empty.size(); ++rank)
    empty[rank].reserve((most_bytes + most_bytes / 4) / owners_.size() * partitions[rank]);
  return empty;
}

/// Fills `outgoing` with whole batches until round_bytes are reached. False if none are left.
bool Shuffle::load(BatchStore& batches, std::vector<std::string>& outgoing,
                   std::size_t round_bytes) {
  bool any = false;
  for (std::size_t bytes = 0; next_batch_ < batches.batches() && bytes < round_bytes;) {
    any = true;
    const std::size_t count = std::min(threads_.size(), batches.batches() - next_batch_);
    std::vector<std::uint64_t> first(count);
    for (std::size_t i = 0; i < count; ++i) {
      first[i] = next_row_;
      next_row_ += batches.rows_of_batch(next_batch_ + i);
    }
    std::vector<std::vector<Piece>> pieces(count);
    threads_.for_each(count, [&](std::size_t, std::size_t i) {
      pieces[i] = sort_out(batches.take(next_batch_ + i), first[i]);
    });
    next_batch_ += count;
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
std::vector<Shuffle::Piece> Shuffle::sort_out(const PackedRows& rows, std::uint64_t first) const {
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

void Shuffle::unload(std::vector<std::string> incoming, PartitionPacks& packs,
                     dist::Range block) const {
  std::vector<std::vector<std::string_view>> by_pack(2 * (block.end - block.begin));
  for (std::string_view rest : incoming) {
    while (!rest.empty()) {
      const auto key = static_cast<std::size_t>(take<std::uint64_t>(rest));
      const auto size = static_cast<std::size_t>(take<std::uint64_t>(rest));
      by_pack[pack_of(key, block)].push_back(rest.substr(0, size));
      rest.remove_prefix(size);
    }
  }
  threads_.for_each(by_pack.size(), [&](std::size_t, std::size_t i) {
    for (const auto piece : by_pack[i]) packs.add(i, piece);
  });
}

std::size_t Shuffle::pack_of(std::size_t key, dist::Range block) const {
  const std::size_t partition = key % owners_.size(), width = block.end - block.begin;
  expects(partition >= block.begin && partition < block.end, "the row belongs to this rank");
  return partition - block.begin + (key >= owners_.size() ? width : 0);
}

}  // namespace lockstep::data
