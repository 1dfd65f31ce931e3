#pragma once
/// Rows that have arrived for the partitions of this rank, in any order: in memory as far as the
/// limit goes, the rest on disk. Thread-safe for different partitions.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/storage/packed_rows.hpp"
#include "data/storage/spill.hpp"

namespace lockstep::data {

class PartitionPacks {
 public:
  /// `count` partitions; `limit_bytes` stay in memory, 0: all.
  PartitionPacks(std::size_t count, std::uint64_t limit_bytes, const std::string& folder);

  /// Appends a row to a piece for add().
  static void put_row(std::string& piece, std::uint64_t slot, std::string_view row);

  /// Rows of partition `i`, made by put_row().
  void add(std::size_t i, std::string_view piece);

  std::uint64_t size_bytes(std::size_t i) const;  ///< of partition `i`, in memory and on disk

  /// The columns of partition `i`, which has `rows` rows; its bytes are given back.
  std::map<std::string, Column> unpack(std::size_t i, const RowFormat& format, std::size_t rows);

 private:
  struct Spilled {
    std::uint64_t offset;
    std::size_t size;
  };
  struct Pack {
    std::vector<std::string>
        chunks;  // of whole pieces; not one string, which would grow by copying
    std::vector<Spilled> spilled;
  };
  static std::uint64_t put(Pack& pack, std::string_view piece);
  void spill(Pack& pack);

  std::vector<Pack> packs_;
  std::uint64_t limit_bytes_;
  std::atomic<std::uint64_t> held_bytes_ = 0;
  std::unique_ptr<SpillFile> spill_;
};

}  // namespace lockstep::data
