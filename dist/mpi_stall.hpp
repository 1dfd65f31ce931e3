#pragma once
/// Who waits where: when a collective takes too long, the waiting ranks tell each other which one
/// they are in, so that the report can name the ranks that are missing. Private to dist/.

#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "dist/mpi_handle.hpp"

namespace lockstep::dist {

enum class Operation : std::int64_t {
  None,
  Barrier,
  Broadcast,
  AllreduceSum,
  AllreduceMin,
  AllreduceMax,
  Gather,
  Allgather,
  AllToAll,
  AllgatherSegments,
  Split,
  MergeTree,
  Exchange,
  Reduce,
  ExchangeAllgather,
  VectorReduce,
  VectorAllgather,
  EndOfGroup,
  EndOfSession,
};
const char* name_of(Operation operation);

inline constexpr std::int64_t kAnySize = -1;  ///< the ranks may bring different sizes

/// One collective call of one rank. Travels between ranks as it is: they run the same binary.
struct Call {
  Operation operation = Operation::None;
  std::int64_t sequence = -1;  ///< counts the collectives of a communicator
  std::int64_t bytes = kAnySize;
  std::int64_t root = -1;
  bool operator==(const Call&) const = default;
};

/// "broadcast #12 (8 bytes from rank 0)"
std::string to_string(const Call& call);

/// The notices of one communicator. Nothing in it ever waits.
class StallWatch {
 public:
  /// `names` of the ranks: "rank 3 on host n07".
  StallWatch(CommHandle comm, int rank, std::vector<std::string> names);
  ~StallWatch();
  StallWatch(const StallWatch&) = delete;
  StallWatch& operator=(const StallWatch&) = delete;

  /// Tells all other ranks that this one waits in `call`.
  void announce(const Call& call);

  /// Takes in what other ranks have told; true if there was anything.
  bool listen();

  /// Whether no rank below this one is known to wait in the same collective: then it is this one
  /// that speaks.
  bool is_lowest_in(const Call& call) const;

  /// "rank 3 on host n07 (not heard of), ...": the ranks that are not known to wait in `call`.
  std::string missing(const Call& call) const;

  const std::string& name(int rank) const { return names_[static_cast<std::size_t>(rank)]; }
  MPI_Comm comm() const noexcept { return comm_.get(); }

  /// The work of run_group, numbered by the calls: a notice of failure is about one of them.
  void begin_work();
  void end_work() { working_ = false; }
  bool working() const noexcept { return working_; }
  std::int64_t work() const noexcept { return work_; }

  /// Tells all other ranks that this one has failed in the present work.
  void announce_failure(const std::string& text);

  /// What the first rank heard of that has failed in the present work, this one included, has told:
  /// "rank 3 on host n07 has failed: TEXT"; empty if none. Looks for new notices.
  const std::string& failure();

  /// Forgets where the others have been: they have met.
  void forget() { heard_.assign(heard_.size(), Call()); }

  /// A wait in this process has come to its time-out: the job is about to end.
  inline static bool timed_out = false;

 private:
  struct Letter {
    Call call;
    std::vector<MPI_Request> sends;
  };
  struct FailureNotice {
    std::int64_t work = 0;
    char text[488] = {};  // as much of it as there is room for
  };
  struct FailureLetter {
    FailureNotice notice;
    std::vector<MPI_Request> sends;
  };
  static bool delivered(Letter& letter);

  CommHandle comm_;
  int rank_;
  std::vector<std::string> names_;
  std::vector<Call> heard_;    // the last call each rank has told of
  std::list<Letter> letters_;  // sent, perhaps not delivered yet
  bool working_ = false;
  std::int64_t work_ = 0;
  std::int64_t failed_work_ = 0;  // the last one that a rank has failed in
  std::string failure_;           // there
};

}  // namespace lockstep::dist
