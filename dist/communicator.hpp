#pragma once
/// The ranks of a job and how they talk. The rest of Lockstep talks through this header and never
/// sees <mpi.h>.
///
/// COLLECTIVE functions are entered by every rank of the group, in the same order, with the sizes
/// stated. They never wait for ever: a rank that waits longer than stall_warning says which
/// collective, who is missing and how long, and after stall_timeout the job ends (exit code 6).
/// Every function throws CommunicationError if MPI reports a failure. Errors name ranks of the
/// whole job, also in a group of ranks.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lockstep::dist {

/// How long a collective may wait, and whether ranks compare fingerprints first. Set once at start.
struct CollectiveOptions {
  double stall_warning_seconds = 30;
  double stall_timeout_seconds = 600;
  bool check_collectives =
      false;  ///< compare (operation, size, sequence number) over the ranks before each collective
};

class Communicator {
 public:
  Communicator(Communicator&&) noexcept;
  Communicator& operator=(Communicator&&) noexcept;
  ~Communicator();

  int rank() const noexcept;        ///< 0 <= rank < world_size. NOT COLLECTIVE
  int world_size() const noexcept;  ///< number of ranks in this group. NOT COLLECTIVE
  int hosts() const noexcept;       ///< number of machines they run on. NOT COLLECTIVE
  int world_rank(int rank) const;   ///< in the whole job, of a rank of this group. NOT COLLECTIVE
  /// "group 1 (ranks 2-3)": its colour and the ranks in the whole job; empty for the whole job. A
  /// group split from group 1 is group 1.COLOUR. NOT COLLECTIVE
  const std::string& name() const noexcept;
  void configure(
      const CollectiveOptions& options);  ///< NOT COLLECTIVE, but give every rank the same

  /// COLLECTIVE. Waits until all ranks are here.
  void barrier() const;

  /// COLLECTIVE. Copies the root's bytes to every rank; same size everywhere.
  void broadcast(std::span<std::byte> bytes, int root = 0) const;

  /// COLLECTIVE. As broadcast, but only the root knows the size.
  void broadcast(std::string& text, int root = 0) const;

  /// COLLECTIVE. Element-wise over the ranks. Integers only: their result does not depend on the
  /// order. Floating-point sums go through the tree (dist/tree.hpp), whose order never changes.
  void allreduce_sum(std::span<std::int64_t> values) const;
  void allreduce_min(std::span<std::int64_t> values) const;
  void allreduce_max(std::span<std::int64_t> values) const;

  /// COLLECTIVE. Every rank's bytes, of any size, on the root in rank order (empty elsewhere).
  std::vector<std::string> gather(std::span<const std::byte> bytes, int root = 0) const;
  /// COLLECTIVE. Every rank's bytes, of any size, on every rank in rank order.
  std::vector<std::string> allgather(std::span<const std::byte> bytes) const;

  /// COLLECTIVE. outgoing[r] goes to rank r; returns what came from each rank, in rank order. In
  /// pieces of a few MB.
  std::vector<std::string> all_to_all(std::vector<std::string> outgoing) const;

  /// COLLECTIVE. Rank `owner` has `values` of its own; all ranks end with all segments: segment r
  /// of `values` is [offsets[r], offsets[r + 1]), filled by rank r. offsets has world_size + 1
  /// entries, the same on all ranks.
  void allgather_segments(std::span<float> values, std::span<const std::size_t> offsets) const;

  /// COLLECTIVE. A new group of the ranks with the same colour (>= 0), ordered by rank. Its errors
  /// and reports name the group, and ranks by their number in the whole job. Run work that may fail
  /// without ending the job through run_group (dist/group.hpp).
  Communicator split(int colour) const;

  struct Impl;
  explicit Communicator(std::unique_ptr<Impl> impl) noexcept;
  Impl& impl() const noexcept { return *impl_; }  ///< for dist/ only

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::dist
