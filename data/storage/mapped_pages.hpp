#pragma once
/// Keeps the pages of mapped partitions within their share of the memory limit where rows are read
/// here and there, as in training. Local.

#include <atomic>
#include <cstdint>
#include <mutex>

#include "data/dataset.hpp"

namespace lockstep::data {

class MappedPages {
 public:
  /// `rows` must outlive it. Of a dataset without a memory limit it does nothing.
  explicit MappedPages(const Dataset& rows);

  /// Gives the pages of all partitions back if too many are in memory; they are read again when
  /// they are needed. To be called behind each row: the system may map megabytes around it. Takes
  /// about a microsecond. Thread-safe, also beside readers.
  void check();

 private:
  const Dataset& rows_;
  std::uint64_t most_bytes_;               // 0: any
  std::atomic<std::uint64_t> others_ = 0;  // file pages of the process that are not these
  std::mutex mutex_;
};

}  // namespace lockstep::data
