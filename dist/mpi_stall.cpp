#include "dist/mpi_stall.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"

namespace lockstep::dist {
namespace {

constexpr int kNoticeTag = 1;
constexpr int kFailureTag = 2;
constexpr std::size_t kNamedRanks = 8;  // a report names at most so many

}  // namespace

void throw_mpi_error(int code, const char* call, int rank, std::int64_t bytes) {
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(code, text, &length);
  if (rank >= 0) MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  throw CommunicationError(
      fmt::format("{} failed{}: {}", call, bytes < 0 ? "" : fmt::format(" for {} bytes", bytes),
                  text),
      {.rank = rank},
      "another rank or the network may have failed: see the messages of the other ranks");
}

const char* name_of(Operation operation) {
  switch (operation) {
    case Operation::None:
      return "nothing";
    case Operation::Barrier:
      return "barrier";
    case Operation::Broadcast:
      return "broadcast";
    case Operation::AllreduceSum:
      return "allreduce_sum";
    case Operation::AllreduceMin:
      return "allreduce_min";
    case Operation::AllreduceMax:
      return "allreduce_max";
    case Operation::Gather:
      return "gather";
    case Operation::Allgather:
      return "allgather";
    case Operation::AllToAll:
      return "all_to_all";
    case Operation::AllgatherSegments:
      return "allgather_segments";
    case Operation::Split:
      return "split";
    case Operation::MergeTree:
      return "merge_tree";
    case Operation::Exchange:
      return "gradient exchange set-up";
    case Operation::Reduce:
      return "gradient reduce_scatter";
    case Operation::ExchangeAllgather:
      return "weight allgather";
    case Operation::VectorReduce:
      return "vector reduce_scatter";
    case Operation::VectorAllgather:
      return "vector allgather";
    case Operation::EndOfGroup:
      return "end of the work";
    case Operation::EndOfSession:
      return "end of the session";
  }
  return "an unknown collective";
}

std::string to_string(const Call& call) {
  if (call.operation == Operation::EndOfGroup) return name_of(call.operation);
  std::string text = fmt::format("{} #{}", name_of(call.operation), call.sequence);
  std::string details;
  if (call.bytes >= 0) details = fmt::format("{} bytes", call.bytes);
  if (call.root >= 0) details += fmt::format("{}root {}", details.empty() ? "" : ", ", call.root);
  return details.empty() ? text : fmt::format("{} ({})", text, details);
}

StallWatch::StallWatch(CommHandle comm, int rank, std::vector<std::string> names)
    : comm_(std::move(comm)), rank_(rank), names_(std::move(names)), heard_(names_.size()) {}

StallWatch::~StallWatch() {
  if (std::uncaught_exceptions() != 0) return;
  listen();  // what was sent to this rank should not lie around when MPI ends
  letters_.remove_if(delivered);
  if (letters_.empty()) return;
  // MPI may read a letter until it is delivered or the process ends, so the list's nodes move as
  // they are.
  static std::list<Letter> kept;
  kept.splice(kept.end(), letters_);
}

bool StallWatch::delivered(Letter& letter) {
  int done = 0;
  const int count = static_cast<int>(letter.sends.size());
  return MPI_Testall(count, letter.sends.data(), &done, MPI_STATUSES_IGNORE) == MPI_SUCCESS &&
         done != 0;
}

void StallWatch::announce(const Call& call) {
  letters_.remove_if(delivered);
  Letter& letter = letters_.emplace_back(Letter{call, {}});
  for (int peer = 0; peer < static_cast<int>(names_.size()); ++peer) {
    if (peer == rank_) continue;
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Isend(&letter.call, sizeof(Call), MPI_BYTE, peer, kNoticeTag, comm_.get(), &request),
          "MPI_Isend", rank_, sizeof(Call));
    letter.sends.push_back(request);
  }
}

bool StallWatch::listen() {
  bool heard = false;
  for (;;) {
    int there = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    check(MPI_Improbe(MPI_ANY_SOURCE, kNoticeTag, comm_.get(), &there, &message, &status),
          "MPI_Improbe", rank_);
    if (there == 0) return heard;
    Call call;
    check(MPI_Mrecv(&call, sizeof(Call), MPI_BYTE, &message, MPI_STATUS_IGNORE), "MPI_Mrecv", rank_,
          sizeof(Call));
    heard_[static_cast<std::size_t>(status.MPI_SOURCE)] = call;
    heard = true;
  }
}

bool StallWatch::is_lowest_in(const Call& call) const {
  return std::none_of(heard_.begin(), heard_.begin() + rank_,
                      [&](const Call& other) { return other.sequence == call.sequence; });
}

void StallWatch::begin_work() {
  ++work_;
  working_ = true;
}

void StallWatch::announce_failure(const std::string& text) {
  // Never freed: it may be delivered when this rank is long in other work.
  auto* letter = new FailureLetter;
  static std::vector<FailureLetter*> kept;
  kept.push_back(letter);
  letter->notice.work = failed_work_ = work_;
  failure_ = fmt::format("{} has failed: {}", name(rank_), text);
  text.copy(letter->notice.text, sizeof letter->notice.text - 1);
  for (int peer = 0; peer < static_cast<int>(names_.size()); ++peer) {
    if (peer == rank_) continue;
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Isend(&letter->notice, sizeof(FailureNotice), MPI_BYTE, peer, kFailureTag,
                    comm_.get(), &request),
          "MPI_Isend", rank_, sizeof(FailureNotice));
    letter->sends.push_back(request);
  }
}

const std::string& StallWatch::failure() {
  static const std::string none;
  for (;;) {
    int there = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    check(MPI_Improbe(MPI_ANY_SOURCE, kFailureTag, comm_.get(), &there, &message, &status),
          "MPI_Improbe", rank_);
    if (there == 0) break;
    FailureNotice notice;
    check(MPI_Mrecv(&notice, sizeof notice, MPI_BYTE, &message, MPI_STATUS_IGNORE), "MPI_Mrecv",
          rank_, sizeof notice);
    if (notice.work <= failed_work_) continue;  // of work that is over, or not the first
    failed_work_ = notice.work;
    failure_ = fmt::format("{} has failed: {}", name(status.MPI_SOURCE), notice.text);
  }
  return working_ && failed_work_ == work_ ? failure_ : none;
}

std::string StallWatch::missing(const Call& call) const {
  std::string text;
  std::size_t count = 0;
  for (std::size_t peer = 0; peer < heard_.size(); ++peer) {
    const Call& last = heard_[peer];
    if (static_cast<int>(peer) == rank_ || last == call) continue;
    if (++count > kNamedRanks) continue;
    const bool known =
        last.sequence >= call.sequence;  // an older call only says where it was long ago
    text += fmt::format("{}{} ({})", count == 1 ? "" : ", ", names_[peer],
                        known ? "is in " + to_string(last) : "has not come");
  }
  if (count > kNamedRanks) text += fmt::format(" and {} more", count - kNamedRanks);
  return text.empty() ? "no rank is missing: the network does not move" : text;
}

}  // namespace lockstep::dist
