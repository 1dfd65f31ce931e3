#include "data/partition_packs.hpp"

#include <cstring>

#include "core/error.hpp"

namespace lockstep::data {

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
  if (limit_bytes_ != 0 && held_bytes_.fetch_add(piece.size()) + piece.size() > limit_bytes_) {
    held_bytes_ -= piece.size();
    if (!pack.bytes.empty()) {  // what is held goes along: fewer, longer pieces
      held_bytes_ -= pack.bytes.size();
      pack.spilled.push_back({spill_->append(pack.bytes), pack.bytes.size()});
      pack.bytes = {};
    }
    pack.spilled.push_back({spill_->append(piece), piece.size()});
    return;
  }
  pack.bytes.append(piece);
}

std::map<std::string, Column> PartitionPacks::unpack(std::size_t i, const RowFormat& format,
                                                     std::size_t rows) {
  Pack pack = std::move(packs_[i]);
  packs_[i] = {};
  std::vector<std::string> pieces;
  for (const Spilled& spilled : pack.spilled)
    pieces.push_back(spill_->read(spilled.offset, spilled.size));
  held_bytes_ -= limit_bytes_ != 0 ? pack.bytes.size() : 0;
  pieces.push_back(std::move(pack.bytes));
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
