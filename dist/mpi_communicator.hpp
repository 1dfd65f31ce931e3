#pragma once
/// What a Communicator is made of, and how it waits. Private to dist/.

#include <chrono>
#include <exception>
#include <list>
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
  std::vector<int> world_ranks;  // of the ranks of this group, in the whole job
  std::string group;             // Communicator::name()
  std::string path;              // the colours that led here: "1.0"
  CommHandle data;               // collectives and their messages
  CommHandle checks;             // fingerprints
  std::shared_ptr<StallWatch> watch;
  std::vector<std::shared_ptr<StallWatch>> above;  // of the groups this one was split from
  CollectiveOptions options;
  std::int64_t sequence = 0;

  /// Counts a collective, and compares it over the ranks if the options ask for it.
  /// @throws AgreedError on all ranks if they are in different collectives
  Call enter(Operation operation, std::int64_t bytes = kAnySize, int root = -1);

  /// Waits until all `requests` are done. @throws CommunicationError after stall_timeout_seconds
  void wait(std::span<MPI_Request> requests, const Call& call);
  void wait(MPI_Request& request, const Call& call) { wait({&request, 1}, call); }

  /// Whether a wait may end with an exception and the process goes on (dist/group.hpp). Then memory
  /// that MPI reads or writes must live on: see Kept.
  bool may_be_abandoned() const;

  /// @throws CommunicationError if a rank has failed in the work of this group, or of one above
  void heed_failures(const Call& call) const;

  /// "barrier #12 of group 1 (ranks 2-3)"
  std::string describe(const Call& call) const;

 private:
  void compare(const Call& call);
};

/// COLLECTIVE. A communicator over the ranks of `comm`, which it copies. `parent` is what it was
/// split from by `colour`, or null.
Communicator make_communicator(MPI_Comm comm, const CollectiveOptions& options,
                               const Communicator::Impl* parent = nullptr, int colour = 0);

/// Memory that MPI reads or writes. If an exception ends its life, MPI may still use it: then it
/// lives on to the end of the process.
template <typename T>
class Kept {
 public:
  template <typename... Args>
  explicit Kept(Args&&... args) : memory_(std::make_shared<T>(std::forward<Args>(args)...)) {}
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  ~Kept() {
    if (std::uncaught_exceptions() > exceptions_) abandoned().push_back(std::move(memory_));
  }
  T& operator*() const { return *memory_; }
  T* operator->() const { return memory_.get(); }

 private:
  static std::list<std::shared_ptr<T>>& abandoned() {
    static auto* list = new std::list<std::shared_ptr<T>>;  // outlives MPI_Finalize
    return *list;
  }
  std::shared_ptr<T> memory_;
  int exceptions_ = std::uncaught_exceptions();
};

/// One wait: call idle() whenever nothing has moved, moved() whenever something has. Spins a
/// little, then gives the core away, then sleeps; when it gets long it finds out who is missing and
/// says so; in the end it throws.
class Waiter {
 public:
  Waiter(Communicator::Impl& ranks, const Call& call) : ranks_(ranks), call_(call) {}

  void moved() noexcept { polls_ = 0; }

  /// @throws CommunicationError after stall_timeout_seconds, and as heed_failures
  void idle();

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
