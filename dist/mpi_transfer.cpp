#include "dist/mpi_transfer.hpp"

#include <algorithm>

namespace lockstep::dist {
namespace {
constexpr int kTransferTag = 2;
constexpr std::size_t kInFlight = 16;  // pieces a direction

/// Where MPI reads and writes pieces if the wait for them may be abandoned.
using Copies = std::vector<std::vector<std::byte>>;
}  // namespace

/// The pieces of one direction: at most kInFlight are under way, begun in order.
class Transfers::Queue {
 public:
  Queue(const std::vector<Piece>& pieces, bool sends, const Communicator::Impl& ranks)
      : pieces_(pieces),
        sends_(sends),
        ranks_(ranks),
        requests_(kInFlight, MPI_REQUEST_NULL),
        in_slot_(kInFlight),
        copies_(ranks.may_be_abandoned() ? kInFlight : 0) {}

  bool done() const { return completed_ == pieces_.size(); }

  /// True if a piece has been completed.
  bool poll() {
    while (next_ < pieces_.size() && next_ - completed_ < kInFlight) start(pieces_[next_++]);
    int count = 0;
    int indices[kInFlight];
    check(MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(), &count, indices,
                       MPI_STATUSES_IGNORE),
          "MPI_Testsome", ranks_.rank);
    if (count == MPI_UNDEFINED || count == 0) return false;
    completed_ += static_cast<std::size_t>(count);
    for (int i = 0; i < count; ++i) take(static_cast<std::size_t>(indices[i]));
    return true;
  }

 private:
  void start(const Piece& piece) {
    MPI_Request& request = *std::find(requests_.begin(), requests_.end(), MPI_REQUEST_NULL);
    const auto slot = static_cast<std::size_t>(&request - requests_.data());
    in_slot_[slot] = &piece;
    std::byte* data = piece.data;
    if (!copies_->empty()) {
      auto& copy = (*copies_)[slot];
      copy.resize(static_cast<std::size_t>(piece.bytes));
      if (sends_) std::copy_n(piece.data, piece.bytes, copy.begin());
      data = copy.data();
    }
    const MPI_Comm comm = ranks_.data.get();
    if (sends_) {
      check(MPI_Isend(data, piece.bytes, MPI_BYTE, piece.peer, kTransferTag, comm, &request),
            "MPI_Isend", ranks_.rank, piece.bytes);
    } else {
      check(MPI_Irecv(data, piece.bytes, MPI_BYTE, piece.peer, kTransferTag, comm, &request),
            "MPI_Irecv", ranks_.rank, piece.bytes);
    }
  }

  /// The piece in the slot is complete.
  void take(std::size_t slot) {
    if (!sends_ && !copies_->empty())
      std::copy_n((*copies_)[slot].begin(), in_slot_[slot]->bytes, in_slot_[slot]->data);
  }

  const std::vector<Piece>& pieces_;
  bool sends_;
  const Communicator::Impl& ranks_;
  std::vector<MPI_Request> requests_;
  std::vector<const Piece*> in_slot_;
  Kept<Copies> copies_;  // of each slot, or none
  std::size_t next_ = 0, completed_ = 0;
};

void Transfers::cut(std::vector<Piece>& pieces, std::byte* data, std::size_t bytes, int peer) {
  for (std::size_t at = 0; at < bytes; at += kPieceBytes) {
    pieces.push_back({data + at, static_cast<int>(std::min(kPieceBytes, bytes - at)), peer});
  }
}

void Transfers::send(const void* data, std::size_t bytes, int peer) {
  // MPI reads only; its interface before MPI 3 is why Piece holds one kind of pointer.
  cut(sends_, const_cast<std::byte*>(static_cast<const std::byte*>(data)), bytes, peer);
}

void Transfers::receive(void* data, std::size_t bytes, int peer) {
  cut(receives_, static_cast<std::byte*>(data), bytes, peer);
}

void Transfers::run(const Call& call) {
  Queue sends(sends_, true, ranks_), receives(receives_, false, ranks_);
  Waiter waiter(ranks_, call);
  for (;;) {
    const bool sent = sends.poll();
    const bool received = receives.poll();
    if (sends.done() && receives.done()) return;
    if (sent || received) {
      waiter.moved();
    } else {
      waiter.idle();
    }
  }
}

}  // namespace lockstep::dist
