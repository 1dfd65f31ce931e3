#pragma once
/// Memory that the ranks of one host have in common. Private to dist/.

#include <cstddef>
#include <memory>
#include <vector>

#include "dist/communicator.hpp"

namespace lockstep::dist {

class SharedMemory {
 public:
  /// COLLECTIVE. For each rank a region of so many `bytes` as it asks for, zero at first, which all
  /// ranks read and write. Null, on all ranks, where they run on several hosts or one of them is
  /// not let at the memory of another (ranks in containers of their own, say).
  static std::unique_ptr<SharedMemory> make(const Communicator& ranks, std::size_t bytes);

  ~SharedMemory();  ///< other ranks keep what they see
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  std::byte* region(std::size_t rank) const { return regions_[rank].address; }  ///< of whole pages

 private:
  struct Region {
    std::byte* address = nullptr;
    std::size_t bytes = 0;
  };
  struct Offer;
  SharedMemory() = default;
  static Offer offer(std::size_t bytes);
  bool map(std::size_t rank, const Offer& theirs);

  std::vector<Region> regions_;  // by rank
};

}  // namespace lockstep::dist
