#pragma once
/// What a Communicator is made of, and how it waits. Private to dist/.

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dist/communicator.hpp"
#include "dist/mpi_handle.hpp"
#include "dist/mpi_stall.hpp"

namespace lockstep::dist {

/// Messages are cut into pieces of at most this size: far below MPI's 2^31, and small enough to
/// flow.
inline constexpr std::size_t kPieceBytes = std::size_t{4} << 20;

/// In a group of one rank no communicator exists and nothing calls MPI.
struct Communicator::Impl {
  int rank = 0;
  int world_size = 1;
  int hosts = 1;
  CommHandle data;    // collectives and their messages
  CommHandle checks;  // fingerprints
  std::unique_ptr<StallWatch> watch;
  CollectiveOptions options;
  std::int64_t sequence = 0;

  /// Counts a collective, and compares it over the ranks if the options ask for it.
  /// @throws AgreedError on all ranks if they are in different collectives
  Call enter(Operation operation, std::int64_t bytes = kAnySize, int root = -1);

  /// Waits until all `requests` are done. @throws CommunicationError after stall_timeout_seconds
  void wait(std::span<MPI_Request> requests, const Call& call);
  void wait(MPI_Request& request, const Call& call) { wait({&request, 1}, call); }

 private:
  void compare(const Call& call);
};

/// COLLECTIVE. A communicator over the ranks of `comm`, which it copies.
Communicator make_communicator(MPI_Comm comm, const CollectiveOptions& options);

/// One wait: call idle() whenever nothing has moved, moved() whenever something has. Spins a
/// little, then gives the core away, then sleeps; when it gets long it finds out who is missing and
/// says so; in the end it throws.
class Waiter {
 public:
  Waiter(Communicator::Impl& ranks, const Call& call) : ranks_(ranks), call_(call) {}

  void moved() noexcept { polls_ = 0; }
  void idle();  ///< @throws CommunicationError after stall_timeout_seconds

 private:
  using Clock = std::chrono::steady_clock;
  void watch(double waited);
  void report(double waited);

  Communicator::Impl& ranks_;
  Call call_;
  std::uint64_t polls_ = 0;  // since something moved
  Clock::time_point start_{};
  double next_watch_ = 0, next_announcement_ = 0, next_report_ = 0;  // seconds after start_
  bool announced_ = false;
};

}  // namespace lockstep::dist
