#include "dist/communicator.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/error.hpp"
#include "dist/mpi_communicator.hpp"
#include "dist/mpi_transfer.hpp"

namespace lockstep::dist {
namespace {

using Impl = Communicator::Impl;

constexpr std::size_t kBroadcastPieces = 8;  // in flight

/// A message of unknown size travels with its size in one slot of fixed size, and a second one only
/// if it is longer.
struct Slot {
  static constexpr std::size_t kInline = 496;
  std::uint64_t bytes = 0;
  std::array<std::byte, kInline> head{};

  Slot() = default;
  explicit Slot(std::span<const std::byte> message) : bytes(message.size()) {
    std::copy_n(message.begin(), std::min(kInline, message.size()), head.begin());
  }
  std::string text() const {
    std::string text(bytes, '\0');
    std::memcpy(text.data(), head.data(), std::min<std::size_t>(bytes, kInline));
    return text;
  }
};

std::int64_t as_bytes(std::size_t bytes) { return static_cast<std::int64_t>(bytes); }
std::size_t index(int rank) { return static_cast<std::size_t>(rank); }

/// The peer `distance` behind or ahead of `ranks.rank`, around the circle.
int neighbour(const Impl& ranks, int distance) {
  return (ranks.rank + distance + ranks.world_size) % ranks.world_size;
}

/// The pieces of a broadcast that are under way.
struct BroadcastPieces {
  std::vector<MPI_Request> requests;
  std::vector<std::vector<std::byte>> copies;  // of each, if the wait may be abandoned
};

void broadcast_pieces(Impl& ranks, std::span<std::byte> bytes, int root, const Call& call) {
  const Kept<BroadcastPieces> way;
  const bool copied = ranks.may_be_abandoned();
  while (!bytes.empty()) {
    std::size_t end = 0;
    while (end < bytes.size() && way->requests.size() < kBroadcastPieces) {
      const auto piece = bytes.subspan(end, std::min(kPieceBytes, bytes.size() - end));
      if (copied) way->copies.emplace_back(piece.begin(), piece.end());
      check(MPI_Ibcast(copied ? way->copies.back().data() : piece.data(),
                       static_cast<int>(piece.size()), MPI_BYTE, root, ranks.data.get(),
                       &way->requests.emplace_back(MPI_REQUEST_NULL)),
            "MPI_Ibcast", ranks.rank, as_bytes(piece.size()));
      end += piece.size();
    }
    ranks.wait(way->requests, call);
    auto to = bytes.begin();
    for (const auto& copy : way->copies) to = std::copy(copy.begin(), copy.end(), to);
    way->requests.clear();
    way->copies.clear();
    bytes = bytes.subspan(end);
  }
}

void allreduce(Impl& ranks, std::span<std::int64_t> values, MPI_Op op, Operation operation) {
  const Call call = ranks.enter(operation, as_bytes(values.size_bytes()));
  if (ranks.world_size == 1) return;
  constexpr std::size_t kPiece = kPieceBytes / sizeof(std::int64_t);
  for (std::size_t at = 0; at < values.size(); at += kPiece) {
    const auto piece = values.subspan(at, std::min(kPiece, values.size() - at));
    const Kept<std::vector<std::int64_t>> own(piece.begin(), piece.end()), total(piece.size());
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Iallreduce(own->data(), total->data(), static_cast<int>(piece.size()), MPI_INT64_T,
                         op, ranks.data.get(), &request),
          "MPI_Iallreduce", ranks.rank, as_bytes(piece.size_bytes()));
    ranks.wait(request, call);
    std::copy(total->begin(), total->end(), piece.begin());
  }
}

std::vector<Slot> allgather_slots(Impl& ranks, std::span<const std::byte> message,
                                  const Call& call) {
  const Kept<Slot> own(message);
  const Kept<std::vector<Slot>> slots(index(ranks.world_size));
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Iallgather(&*own, sizeof(Slot), MPI_BYTE, slots->data(), sizeof(Slot), MPI_BYTE,
                       ranks.data.get(), &request),
        "MPI_Iallgather", ranks.rank, sizeof(Slot));
  ranks.wait(request, call);
  return std::move(*slots);
}

/// Sends the rest of a message that is longer than a slot.
void send_rest(Transfers& transfers, std::span<const std::byte> bytes, int peer) {
  if (bytes.size() > Slot::kInline)
    transfers.send(bytes.data() + Slot::kInline, bytes.size() - Slot::kInline, peer);
}

void receive_rest(Transfers& transfers, std::string& text, int peer) {
  if (text.size() > Slot::kInline)
    transfers.receive(text.data() + Slot::kInline, text.size() - Slot::kInline, peer);
}

std::string as_string(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Communicator::Communicator(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Communicator::Communicator(Communicator&&) noexcept = default;
Communicator& Communicator::operator=(Communicator&&) noexcept = default;
Communicator::~Communicator() = default;

int Communicator::rank() const noexcept { return impl_->rank; }
int Communicator::world_size() const noexcept { return impl_->world_size; }
int Communicator::hosts() const noexcept { return impl_->hosts; }
int Communicator::world_rank(int rank) const { return impl_->world_ranks.at(index(rank)); }
const std::string& Communicator::name() const noexcept { return impl_->group; }
void Communicator::configure(const CollectiveOptions& options) { impl_->options = options; }

void Communicator::barrier() const {
  const Call call = impl_->enter(Operation::Barrier);
  if (impl_->world_size == 1) return;
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Ibarrier(impl_->data.get(), &request), "MPI_Ibarrier", impl_->rank);
  impl_->wait(request, call);
}

void Communicator::broadcast(std::span<std::byte> bytes, int root) const {
  const Call call = impl_->enter(Operation::Broadcast, as_bytes(bytes.size()), root);
  if (impl_->world_size > 1) broadcast_pieces(*impl_, bytes, root, call);
}

void Communicator::broadcast(std::string& text, int root) const {
  const Call call = impl_->enter(Operation::Broadcast, kAnySize, root);
  if (impl_->world_size == 1) return;
  Slot slot;
  if (impl_->rank == root) slot = Slot(std::as_bytes(std::span(text)));
  broadcast_pieces(*impl_, std::as_writable_bytes(std::span(&slot, 1)), root, call);
  if (impl_->rank != root) text = slot.text();
  if (text.size() <= Slot::kInline) return;
  broadcast_pieces(*impl_, std::as_writable_bytes(std::span(text)).subspan(Slot::kInline), root,
                   call);
}

void Communicator::allreduce_sum(std::span<std::int64_t> values) const {
  allreduce(*impl_, values, MPI_SUM, Operation::AllreduceSum);
}
void Communicator::allreduce_min(std::span<std::int64_t> values) const {
  allreduce(*impl_, values, MPI_MIN, Operation::AllreduceMin);
}
void Communicator::allreduce_max(std::span<std::int64_t> values) const {
  allreduce(*impl_, values, MPI_MAX, Operation::AllreduceMax);
}

std::vector<std::string> Communicator::gather(std::span<const std::byte> bytes, int root) const {
  const Call call = impl_->enter(Operation::Gather, kAnySize, root);
  if (impl_->world_size == 1) return {as_string(bytes)};
  const Kept<Slot> own(bytes);
  const Kept<std::vector<Slot>> slots(impl_->rank == root ? index(impl_->world_size) : 0);
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Igather(&*own, sizeof(Slot), MPI_BYTE, slots->data(), sizeof(Slot), MPI_BYTE, root,
                    impl_->data.get(), &request),
        "MPI_Igather", impl_->rank, sizeof(Slot));
  impl_->wait(request, call);
  std::vector<std::string> texts;
  Transfers transfers(*impl_);
  if (impl_->rank != root) {
    send_rest(transfers, bytes, root);
  } else {
    for (const Slot& slot : *slots) texts.push_back(slot.text());
    texts[index(root)] = as_string(bytes);
    for (int peer = 0; peer < impl_->world_size; ++peer) {
      if (peer != root) receive_rest(transfers, texts[index(peer)], peer);
    }
  }
  transfers.run(call);
  return texts;
}

std::vector<std::string> Communicator::allgather(std::span<const std::byte> bytes) const {
  const Call call = impl_->enter(Operation::Allgather);
  if (impl_->world_size == 1) return {as_string(bytes)};
  std::vector<std::string> texts;
  for (const Slot& slot : allgather_slots(*impl_, bytes, call)) texts.push_back(slot.text());
  texts[index(impl_->rank)] = as_string(bytes);
  Transfers transfers(*impl_);
  for (int distance = 1; distance < impl_->world_size; ++distance) {
    send_rest(transfers, bytes, neighbour(*impl_, distance));
    const int from = neighbour(*impl_, -distance);
    receive_rest(transfers, texts[index(from)], from);
  }
  transfers.run(call);
  return texts;
}

std::vector<std::string> Communicator::all_to_all(std::vector<std::string> outgoing) const {
  expects(outgoing.size() == index(impl_->world_size), "all_to_all: one message for each rank");
  const Call call = impl_->enter(Operation::AllToAll);
  if (impl_->world_size == 1) return outgoing;
  const Kept<std::vector<std::uint64_t>> sizes, coming(outgoing.size());
  for (const std::string& message : outgoing) sizes->push_back(message.size());
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Ialltoall(sizes->data(), 1, MPI_UINT64_T, coming->data(), 1, MPI_UINT64_T,
                      impl_->data.get(), &request),
        "MPI_Ialltoall", impl_->rank, sizeof(std::uint64_t));
  impl_->wait(request, call);
  std::vector<std::string> incoming(outgoing.size());
  Transfers transfers(*impl_);
  for (int distance = 1; distance < impl_->world_size; ++distance) {
    const int to = neighbour(*impl_, distance);
    const int from = neighbour(*impl_, -distance);
    std::string& message = incoming[index(from)];
    message.resize((*coming)[index(from)]);
    transfers.send(outgoing[index(to)].data(), outgoing[index(to)].size(), to);
    transfers.receive(message.data(), message.size(), from);
  }
  transfers.run(call);
  incoming[index(impl_->rank)] = std::move(outgoing[index(impl_->rank)]);
  return incoming;
}

void Communicator::allgather_segments(std::span<float> values,
                                      std::span<const std::size_t> offsets) const {
  expects(offsets.size() == index(impl_->world_size) + 1 && offsets.back() <= values.size(),
          "allgather_segments: world_size + 1 offsets inside the values");
  const Call call = impl_->enter(Operation::AllgatherSegments, as_bytes(values.size_bytes()));
  if (impl_->world_size == 1) return;
  const auto segment = [&](int rank) {
    return values.subspan(offsets[index(rank)], offsets[index(rank) + 1] - offsets[index(rank)]);
  };
  Transfers transfers(*impl_);
  for (int distance = 1; distance < impl_->world_size; ++distance) {
    const auto own = segment(impl_->rank);
    const int from = neighbour(*impl_, -distance);
    transfers.send(own.data(), own.size_bytes(), neighbour(*impl_, distance));
    transfers.receive(segment(from).data(), segment(from).size_bytes(), from);
  }
  transfers.run(call);
}

}  // namespace lockstep::dist
