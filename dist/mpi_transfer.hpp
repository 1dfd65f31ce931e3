#pragma once
/// Many large messages between pairs of ranks, in pieces, with few of them in flight. Private to
/// dist/.

#include <deque>
#include <vector>

#include "dist/mpi_communicator.hpp"

namespace lockstep::dist {

/// Messages travel in the order in which they were added, so two ranks must add those between them
/// in the same order, and all ranks must order their peers so that no circle of ranks waits for
/// each other: by distance (rank + 1, rank + 2, ...).
class Transfers {
 public:
  explicit Transfers(Communicator::Impl& ranks) : ranks_(ranks) {}

  /// The memory must live until run() returns. Nothing is sent for empty messages.
  void send(const void* data, std::size_t bytes, int peer);
  void receive(void* data, std::size_t bytes, int peer);

  /// Returns when all has arrived here and left here.
  void run(const Call& call);

 private:
  struct Piece {
    std::byte* data;
    int bytes;
    int peer;
  };
  class Queue;
  static void cut(std::vector<Piece>& pieces, std::byte* data, std::size_t bytes, int peer);

  Communicator::Impl& ranks_;
  std::vector<Piece> sends_, receives_;
};

}  // namespace lockstep::dist
