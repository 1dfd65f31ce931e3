#include "data/storage/partition_packs.hpp"

#include <algorithm>
#include <cstring>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{64} << 10;

}  // namespace

PartitionPacks::PartitionPacks(std::size_t count, std::uint64_t limit_bytes,
                               const std::string& folder)
    : packs_(count), limit_bytes_(limit_bytes) {
  if (limit_bytes_ != 0) spill_ = std::make_unique<SpillFile>(folder);
}

void PartitionPacks::put_row(std::string& piece, std::uint64_t slot, std::string_view row) {
  const std::uint64_t head[2] = {slot, row.size()};
  piece.append(reinterpret_cast<const char*>(head), sizeof(head));
  piece.append(row);
}

void PartitionPacks::add(std::size_t i, std::string_view piece) {
  Pack& pack = packs_[i];
  held_bytes_ += put(pack, piece);
  if (limit_bytes_ != 0 && held_bytes_ > limit_bytes_) spill(pack);
}

/// Returns the memory that it took.
std::uint64_t PartitionPacks::put(Pack& pack, std::string_view piece) {
  const auto room = [](const std::string& chunk) { return chunk.capacity() - chunk.size(); };
  std::uint64_t taken = 0;
  if (pack.chunks.empty() || room(pack.chunks.back()) < piece.size()) {
    const std::size_t twice = pack.chunks.empty() ? 0 : 2 * pack.chunks.back().capacity();
    std::string chunk;
    chunk.reserve(std::max(piece.size(), std::min(twice, kChunkBytes)));
    taken = chunk.capacity();
    pack.chunks.push_back(std::move(chunk));
  }
  pack.chunks.back().append(piece);
  return taken;
}

void PartitionPacks::spill(Pack& pack) {
  std::string bytes;  // in one go: the fewer pieces, the faster they are read
  for (const std::string& chunk : pack.chunks) {
    held_bytes_ -= chunk.capacity();
    bytes += chunk;
  }
  pack.chunks.clear();
  pack.spilled.push_back({spill_->append(bytes), bytes.size()});
}

std::uint64_t PartitionPacks::size_bytes(std::size_t i) const {
  std::uint64_t bytes = 0;
  for (const Spilled& spilled : packs_[i].spilled) bytes += spilled.size;
  for (const std::string& chunk : packs_[i].chunks) bytes += chunk.capacity();
  return bytes;
}

std::map<std::string, Column> PartitionPacks::unpack(std::size_t i, const RowFormat& format,
                                                     std::size_t rows) {
  Pack pack = std::move(packs_[i]);
  packs_[i] = {};
  std::vector<std::string> pieces = std::move(pack.chunks);
  for (const std::string& chunk : pieces) held_bytes_ -= chunk.capacity();
  for (const Spilled& spilled : pack.spilled)
    pieces.push_back(spill_->read(spilled.offset, spilled.size));
  std::vector<std::string_view> by_slot(rows);
  std::size_t found = 0;
  for (std::string_view rest : pieces) {
    while (!rest.empty()) {
      std::uint64_t head[2];
      std::memcpy(head, rest.data(), sizeof(head));
      rest.remove_prefix(sizeof(head));
      by_slot.at(static_cast<std::size_t>(head[0])) =
          rest.substr(0, static_cast<std::size_t>(head[1]));
      rest.remove_prefix(static_cast<std::size_t>(head[1]));
      ++found;
    }
  }
  expects(found == rows, "every row has come");
  return data::unpack(format, rows, [&](std::size_t row) { return by_slot[row]; });
}

}  // namespace lockstep::data
