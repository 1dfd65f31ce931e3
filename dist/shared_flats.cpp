#include "dist/shared_flats.hpp"

#include <utility>

namespace lockstep::dist {
namespace {

constexpr std::size_t kPageBytes = 4096;

std::size_t whole_pages(std::size_t bytes) {
  return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
}

/// In a region: the steps of the buckets and of the values, then the flat vectors, each in pages of
/// its own.
std::size_t steps_bytes(std::size_t buckets) {
  return whole_pages((buckets + 1) * sizeof(std::uint64_t));
}
std::size_t flat_bytes(std::size_t floats) { return whole_pages(floats * sizeof(float)); }

}  // namespace

std::unique_ptr<SharedFlats> SharedFlats::make(const Communicator& ranks,
                                               const ExchangePlan& plan) {
  const auto rank = static_cast<std::size_t>(ranks.rank());
  const std::size_t flats = 1 + plan.rank_nodes(rank).size();
  auto memory = SharedMemory::make(
      ranks, steps_bytes(plan.buckets().size()) + flats * flat_bytes(plan.sizes().floats));
  if (!memory) return nullptr;
  return std::unique_ptr<SharedFlats>(new SharedFlats(ranks, plan, std::move(memory)));
}

SharedFlats::SharedFlats(const Communicator& ranks, const ExchangePlan& plan,
                         std::unique_ptr<SharedMemory> memory)
    : rank_(static_cast<std::size_t>(ranks.rank())),
      buckets_(plan.buckets().size()),
      floats_(plan.sizes().floats),
      memory_(std::move(memory)) {}

float* SharedFlats::flat(std::size_t rank, std::size_t i) const {
  return reinterpret_cast<float*>(memory_->region(rank) + steps_bytes(buckets_) +
                                  i * flat_bytes(floats_));
}

std::atomic_ref<std::uint64_t> SharedFlats::step_of(std::size_t rank, std::size_t bucket) const {
  return std::atomic_ref(reinterpret_cast<std::uint64_t*>(memory_->region(rank))[bucket]);
}

void SharedFlats::publish_sums(std::size_t bucket, std::uint64_t step) {
  step_of(rank_, bucket).store(step, std::memory_order_release);
}

void SharedFlats::publish_values(std::uint64_t step) { publish_sums(buckets_, step); }

bool SharedFlats::has_sums(std::size_t rank, std::size_t bucket, std::uint64_t step) const {
  return step_of(rank, bucket).load(std::memory_order_acquire) == step;
}

bool SharedFlats::has_values(std::size_t rank, std::uint64_t step) const {
  return has_sums(rank, buckets_, step);
}

}  // namespace lockstep::dist
