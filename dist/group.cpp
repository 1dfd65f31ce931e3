/// How the ranks of a group end their work together, whatever collective each of them was in: by
/// messages of their own on the watch's communicator, which carries no collectives.

#include "dist/group.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "dist/error_text.hpp"
#include "dist/mpi_communicator.hpp"

namespace lockstep::dist {
namespace {

using Impl = Communicator::Impl;

constexpr int kVerdictTag = 3;
constexpr int kTextTag = 4;
constexpr std::int64_t kEndSequence = std::int64_t{1} << 40;  // of no collective

/// How one rank, or in the answer the group, has ended its work.
struct Verdict {
  std::int64_t failed = 0;
  std::int64_t sequence = 0;  // of the next collective
  std::int64_t text_bytes = 0;
};

/// What MPI reads and writes while the ranks meet.
struct Meeting {
  std::vector<Verdict> verdicts;   // of each rank; on ranks other than the first, own and answer
  std::vector<std::string> texts;  // likewise: errors as bytes
  std::vector<MPI_Request> requests;
};

class EndOfWork {
 public:
  explicit EndOfWork(Impl& ranks)
      : ranks_(ranks), call_{Operation::EndOfGroup, kEndSequence + ranks.watch->work()} {}

  /// Waits for all ranks. Returns the error of the lowest failing one, as bytes, or none.
  std::optional<std::string> meet(Verdict own, std::string text) {
    own.text_bytes = static_cast<std::int64_t>(text.size());
    return ranks_.rank == 0 ? judge(own, std::move(text)) : report(own, std::move(text));
  }

 private:
  void send(const void* data, std::size_t bytes, int peer, int tag) {
    check(MPI_Isend(data, static_cast<int>(bytes), MPI_BYTE, peer, tag, ranks_.watch->comm(),
                    &meeting_->requests.emplace_back(MPI_REQUEST_NULL)),
          "MPI_Isend", ranks_.rank, static_cast<std::int64_t>(bytes));
  }
  void receive(void* data, std::size_t bytes, int peer, int tag) {
    check(MPI_Irecv(data, static_cast<int>(bytes), MPI_BYTE, peer, tag, ranks_.watch->comm(),
                    &meeting_->requests.emplace_back(MPI_REQUEST_NULL)),
          "MPI_Irecv", ranks_.rank, static_cast<std::int64_t>(bytes));
  }
  void send_text(const std::string& text, int peer) {
    if (!text.empty()) send(text.data(), text.size(), peer, kTextTag);
  }
  void receive_text(std::string& text, const Verdict& verdict, int peer) {
    text.resize(static_cast<std::size_t>(verdict.text_bytes));
    if (!text.empty()) receive(text.data(), text.size(), peer, kTextTag);
  }
  void wait() {
    ranks_.wait(meeting_->requests, call_);
    meeting_->requests.clear();
  }

  /// On the group's first rank.
  std::optional<std::string> judge(const Verdict& own, std::string own_text) {
    auto& verdicts = meeting_->verdicts;
    auto& texts = meeting_->texts;
    verdicts.resize(static_cast<std::size_t>(ranks_.world_size));
    texts.resize(verdicts.size());
    for (int peer = 1; peer < ranks_.world_size; ++peer)
      receive(&verdicts[static_cast<std::size_t>(peer)], sizeof(Verdict), peer, kVerdictTag);
    wait();
    verdicts[0] = own;
    texts[0] = std::move(own_text);
    for (std::size_t peer = 1; peer < verdicts.size(); ++peer)
      receive_text(texts[peer], verdicts[peer], static_cast<int>(peer));
    wait();
    const auto failing = std::find_if(verdicts.begin(), verdicts.end(),
                                      [](const Verdict& verdict) { return verdict.failed != 0; });
    const std::size_t lowest =
        failing == verdicts.end() ? 0 : static_cast<std::size_t>(failing - verdicts.begin());
    Verdict answer = verdicts[lowest];
    for (const Verdict& verdict : verdicts)
      answer.sequence = std::max(answer.sequence, verdict.sequence);
    std::fill(verdicts.begin(), verdicts.end(), answer);
    for (int peer = 1; peer < ranks_.world_size; ++peer) {
      send(&verdicts[0], sizeof(Verdict), peer, kVerdictTag);
      send_text(texts[lowest], peer);
    }
    wait();
    return end(answer, texts[lowest]);
  }

  /// On the others.
  std::optional<std::string> report(const Verdict& own, std::string own_text) {
    meeting_->verdicts = {own, {}};
    meeting_->texts = {std::move(own_text), {}};
    const Verdict& answer = meeting_->verdicts[1];
    send(&meeting_->verdicts[0], sizeof(Verdict), 0, kVerdictTag);
    send_text(meeting_->texts[0], 0);
    receive(&meeting_->verdicts[1], sizeof(Verdict), 0, kVerdictTag);
    wait();
    receive_text(meeting_->texts[1], answer, 0);
    wait();
    return end(answer, meeting_->texts[1]);
  }

  std::optional<std::string> end(const Verdict& answer, std::string& text) {
    ranks_.watch->end_work();
    if (answer.failed == 0) return std::nullopt;
    ranks_.sequence = answer.sequence;
    return std::move(text);
  }

  Impl& ranks_;
  Call call_;
  const Kept<Meeting> meeting_;
};

/// The ranks have left off in different collectives: new communicators know nothing of them.
void renew(Impl& ranks) {
  ranks.watch->forget();
  ranks.data.abandon();
  ranks.checks.abandon();
  ranks.data = duplicate(ranks.watch->comm(), ranks.rank);
  ranks.checks = duplicate(ranks.watch->comm(), ranks.rank);
}

/// Whether a group above has failed: then this one has no end of its own.
bool failed_above(const Impl& ranks) {
  return std::any_of(ranks.above.begin(), ranks.above.end(), [](const auto& watch) {
    return watch->working() && !watch->failure().empty();
  });
}

}  // namespace

void run_group(Communicator& group, const std::function<void()>& work) {
  Impl& ranks = group.impl();
  std::string error;
  if (ranks.watch) ranks.watch->begin_work();
  Verdict own;
  try {
    work();
  } catch (...) {
    if (StallWatch::timed_out || failed_above(ranks)) throw;
    const std::exception_ptr thrown = std::current_exception();
    if (!ranks.watch || ranks.watch->failure().empty()) {  // not thrown because of another rank's
      own.failed = 1;
      error = pack_error(thrown, ranks);
      if (ranks.watch) ranks.watch->announce_failure(text_of(thrown));
    }
  }
  if (!ranks.watch) {
    if (own.failed != 0) throw unpack_error(error, ranks);
    return;
  }
  own.sequence = ranks.sequence;
  const auto failure = EndOfWork(ranks).meet(own, std::move(error));
  if (!failure) return;
  renew(ranks);
  throw unpack_error(*failure, ranks);
}

}  // namespace lockstep::dist
