#pragma once
/// The memory of a gradient exchange between the ranks of one host: each rank's values, the sums
/// over its nodes, and how far it is with each bucket. Private to dist/.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "dist/exchange_plan.hpp"
#include "dist/shared_memory.hpp"

namespace lockstep::dist {

class SharedFlats {
 public:
  /// COLLECTIVE. Null, on all ranks, where they have no memory in common.
  static std::unique_ptr<SharedFlats> make(const Communicator& ranks, const ExchangePlan& plan);

  float* values(std::size_t rank) const { return flat(rank, 0); }
  /// The sum over node i of the plan's rank_nodes(rank).
  float* node(std::size_t rank, std::size_t i) const { return flat(rank, 1 + i); }

  /// Tells all ranks that this one's sums of a bucket are there, in step `step` of all, or its
  /// values. What it has written before is seen by those who see this.
  void publish_sums(std::size_t bucket, std::uint64_t step);
  void publish_values(std::uint64_t step);
  bool has_sums(std::size_t rank, std::size_t bucket, std::uint64_t step) const;
  bool has_values(std::size_t rank, std::uint64_t step) const;

 private:
  SharedFlats(const Communicator& ranks, const ExchangePlan& plan,
              std::unique_ptr<SharedMemory> memory);
  float* flat(std::size_t rank, std::size_t i) const;
  /// The step of a bucket's sums; of the values after the last bucket.
  std::atomic_ref<std::uint64_t> step_of(std::size_t rank, std::size_t bucket) const;

  std::size_t rank_, buckets_, floats_;
  std::unique_ptr<SharedMemory> memory_;
};

}  // namespace lockstep::dist
