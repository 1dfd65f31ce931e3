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
  StallWatch(CommHandle comm, int rank, std::vector<std::string> hosts);
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

  const std::string& host(int rank) const { return hosts_[static_cast<std::size_t>(rank)]; }

 private:
  struct Letter {
    Call call;
    std::vector<MPI_Request> sends;
  };
  static bool delivered(Letter& letter);

  CommHandle comm_;
  int rank_;
  std::vector<std::string> hosts_;
  std::vector<Call> heard_;    // the last call each rank has told of
  std::list<Letter> letters_;  // sent, perhaps not delivered yet
};

}  // namespace lockstep::dist
