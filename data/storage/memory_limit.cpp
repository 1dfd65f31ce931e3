#include "data/storage/memory_limit.hpp"

#include <algorithm>
#include <cmath>

#include "core/log.hpp"
#include "data/storage/partition_file.hpp"

namespace lockstep::data {
namespace {

constexpr double kMegabyte = 1e6;

std::uint64_t share(std::uint64_t limit_bytes, std::uint64_t divisor) {
  return limit_bytes == 0 ? 0 : std::max<std::uint64_t>(1, limit_bytes / divisor);
}

}  // namespace

MemoryShares::MemoryShares(std::uint64_t limit_bytes)
    : batches(share(limit_bytes, 4)),
      packs(share(limit_bytes, 4)),
      messages(share(limit_bytes, 8)),
      partitions(share(limit_bytes, 2)),
      pages(share(limit_bytes, 2)) {}

std::uint64_t PartitionGate::enter(const std::function<std::uint64_t()>& bytes) {
  std::unique_lock lock(mutex_);
  std::uint64_t wanted = 0;
  changed_.wait(lock, [&] {
    wanted = bytes();
    return room_bytes_ == 0 || held_bytes_ == 0 ||
           (wanted <= room_bytes_ && held_bytes_ <= room_bytes_ - wanted);
  });
  held_bytes_ += wanted;
  return wanted;
}

void PartitionGate::leave(std::uint64_t bytes, std::uint64_t measured) {
  {
    const std::lock_guard lock(mutex_);
    held_bytes_ -= bytes;
    largest_bytes_ = std::max(largest_bytes_, measured);
  }
  changed_.notify_all();
}

void PartitionGate::pass(std::uint64_t bytes, const std::function<void()>& work) {
  enter([&] { return bytes; });
  try {
    work();
  } catch (...) {
    leave(bytes, 0);
    throw;
  }
  leave(bytes, 0);
}

void PartitionGate::pass_measured(const std::function<std::uint64_t()>& work) {
  const std::uint64_t bytes =
      enter([&] { return largest_bytes_ == 0 ? room_bytes_ : largest_bytes_; });
  std::uint64_t measured = 0;
  try {
    measured = work();
  } catch (...) {
    leave(bytes, 0);
    throw;
  }
  leave(bytes, measured);
}

std::uint64_t PartitionGate::largest_bytes() const {
  const std::lock_guard lock(mutex_);
  return largest_bytes_;
}

std::uint64_t make_partitions(ThreadPool& threads, std::size_t count, std::uint64_t limit_bytes,
                              const std::function<std::uint64_t(std::size_t)>& make) {
  PartitionGate gate(MemoryShares(limit_bytes).partitions);
  threads.for_each(
      count, [&](std::size_t, std::size_t i) { gate.pass_measured([&] { return make(i); }); });
  return gate.largest_bytes();
}

void set_aside(Partition& partition, const LoadOptions& options) {
  if (options.memory_limit_bytes != 0) move_to_disk(partition, options.scratch());
}

void warn_of_large_partitions(const dist::Communicator& ranks, const Dataset& dataset,
                              std::uint64_t largest_bytes, std::uint64_t limit_bytes) {
  if (limit_bytes == 0) return;
  std::int64_t largest[] = {static_cast<std::int64_t>(largest_bytes)};
  ranks.allreduce_max(largest);
  const MemoryShares shares(limit_bytes);
  const auto bytes = static_cast<std::uint64_t>(largest[0]);
  if (bytes <= limit_bytes - shares.packs || ranks.rank() != 0) return;
  const auto times = static_cast<std::size_t>((bytes + shares.partitions - 1) / shares.partitions);
  log::warning(
      "{}: one of its {} partitions takes {:.0f} MB while it is made, more than data.memory_limit "
      "of {:g} MB has room for; set data.memory_limit to {:.0f} or more, or data.partitions to {} "
      "(other partitions are another experiment: its results differ)",
      dataset.name, dataset.partitions, static_cast<double>(bytes) / kMegabyte,
      static_cast<double>(limit_bytes) / kMegabyte,
      std::ceil(static_cast<double>(bytes) / kMegabyte * 4 / 3), dataset.partitions * times);
}

}  // namespace lockstep::data
