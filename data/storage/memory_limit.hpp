#pragma once
/// How a rank keeps data { memory_limit }: who may hold how much of it, and how many partitions are
/// in hand at a time. Local.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>

#include "core/thread_pool.hpp"
#include "data/dataset.hpp"

namespace lockstep::data {

/// What those may hold, bytes, who are there at the same time; of no limit (0): 0, as much as they
/// like.
///     reading   batches, as much again for pieces of text under way
///     moving    batches, packs, messages twice: going and coming
///     making    packs, partitions
///     stages    partitions
///     training  pages
struct MemoryShares {
  std::uint64_t batches = 0;     ///< rows as they were read
  std::uint64_t packs = 0;       ///< rows as they have come to the owners of their partitions
  std::uint64_t messages = 0;    ///< rows on their way
  std::uint64_t partitions = 0;  ///< partitions in hand
  std::uint64_t pages = 0;       ///< of mapped partitions, where rows are read here and there

  explicit MemoryShares(std::uint64_t limit_bytes);
};

/// Lets work on partitions pass, as much at a time as there is room for; one always may.
class PartitionGate {
 public:
  /// `room_bytes` for all at a time; 0: without limit.
  explicit PartitionGate(std::uint64_t room_bytes) : room_bytes_(room_bytes) {}

  /// work() takes `bytes`. Thread-safe.
  void pass(std::uint64_t bytes, const std::function<void()>& work);

  /// The same where nobody knows how much it takes before work() has said it: as much as the
  /// largest so far, and the first goes alone. Thread-safe.
  void pass_measured(const std::function<std::uint64_t()>& work);

  std::uint64_t largest_bytes() const;  ///< that pass_measured() has seen

 private:
  std::uint64_t enter(const std::function<std::uint64_t()>& bytes);
  void leave(std::uint64_t bytes, std::uint64_t measured);

  std::uint64_t room_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t held_bytes_ = 0, largest_bytes_ = 0;
};

/// Calls make(i) for each of `count` partitions on the threads, as many at a time as the limit has
/// room for. make(i) returns the bytes that it took. Returns the most that one took.
std::uint64_t make_partitions(ThreadPool& threads, std::size_t count, std::uint64_t limit_bytes,
                              const std::function<std::uint64_t(std::size_t)>& make);

/// Puts a partition on disk, mapped, if the options limit memory. @throws FileError
void set_aside(Partition& partition, const LoadOptions& options);

/// COLLECTIVE. Warns, on the driver, if making a partition took more than the limit has room for
/// on any rank; says how many partitions, or which limit, would do.
void warn_of_large_partitions(const dist::Communicator& ranks, const Dataset& dataset,
                              std::uint64_t largest_bytes, std::uint64_t limit_bytes);

}  // namespace lockstep::data
