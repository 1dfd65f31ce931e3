#pragma once
/// The rows that a rank has read, in file order, until they move to their partitions: in memory as
/// far as the limit goes, the rest on disk. Local.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/storage/packed_rows.hpp"
#include "data/storage/spill.hpp"

namespace lockstep::data {

class BatchStore {
 public:
  /// `limit_bytes` of rows stay in memory, 0: all.
  explicit BatchStore(std::uint64_t limit_bytes = 0, std::string folder = scratch_folder())
      : limit_bytes_(limit_bytes), folder_(std::move(folder)) {}

  void push(PackedRows rows);
  void clear();

  std::uint64_t limit_bytes() const noexcept { return limit_bytes_; }
  std::uint64_t rows() const noexcept { return rows_; }
  std::size_t batches() const noexcept { return batches_.size(); }

  /// Batch i; it is taken out. Thread-safe for different i.
  PackedRows take(std::size_t i);
  std::size_t rows_of_batch(std::size_t i) const { return batches_[i].count; }

 private:
  struct Batch {
    std::size_t count = 0;  // rows
    PackedRows rows;        // in memory, or
    std::uint64_t offset = 0;
    std::size_t bytes = 0;  // on disk
  };
  std::uint64_t limit_bytes_;
  std::string folder_;
  std::uint64_t rows_ = 0, held_bytes_ = 0;
  std::vector<Batch> batches_;
  std::unique_ptr<SpillFile> spill_;
};

}  // namespace lockstep::data
