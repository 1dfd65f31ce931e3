#include <fmt/core.h>
#include <sched.h>

#include <algorithm>
#include <thread>

#include "core/error.hpp"
#include "core/log.hpp"
#include "dist/mpi_communicator.hpp"

namespace lockstep::dist {
namespace {

constexpr std::uint64_t kSpins = 64;  // polls before the core is offered to others
constexpr double kYieldSeconds =
    0.05;  // then yield so long: on a busy machine the others need the core
constexpr double kWatchSeconds =
    0.1;  // then sleep between polls, and look for notices every so often
constexpr std::chrono::microseconds kNap(50);
constexpr double kPoliteSeconds = 2;  // how much longer a rank waits if a lower one will speak

// How long to wait for the others' notices before a report; they look for ours every kWatchSeconds.
double grace(double warning_seconds) {
  return std::clamp(0.1 * warning_seconds, 4 * kWatchSeconds, 3.0);
}

int first_error(const std::vector<MPI_Status>& statuses) {
  for (const MPI_Status& status : statuses) {
    if (status.MPI_ERROR != MPI_SUCCESS && status.MPI_ERROR != MPI_ERR_PENDING)
      return status.MPI_ERROR;
  }
  return MPI_ERR_IN_STATUS;
}

}  // namespace

void Waiter::idle() {
  if (++polls_ < kSpins) return;
  const auto now = Clock::now();
  if (polls_ == kSpins) {
    start_ = now;
    next_watch_ = kWatchSeconds;
    next_announcement_ = ranks_.options.stall_warning_seconds;
    next_report_ = next_announcement_ + grace(next_announcement_);
    announced_ = false;
  }
  const double waited = std::chrono::duration<double>(now - start_).count();
  if (waited < kYieldSeconds) {
    sched_yield();
    return;
  }
  if (waited >= next_watch_) {
    next_watch_ = waited + kWatchSeconds;
    watch(waited);
  }
  std::this_thread::sleep_for(kNap);
}

void Waiter::watch(double waited) {
  ranks_.heed_failures(call_);
  StallWatch& watch = *ranks_.watch;
  const bool asked = watch.listen() && !announced_;
  if (asked || waited >= next_announcement_) {
    watch.announce(call_);
    announced_ = true;
    next_announcement_ =
        std::max(next_announcement_, waited) + ranks_.options.stall_warning_seconds;
  }
  if (waited >= next_report_) {
    if (watch.is_lowest_in(call_)) report(waited);
    next_report_ = 2 * waited;
  }
  const double timeout = ranks_.options.stall_timeout_seconds;
  if (waited >= timeout + (watch.is_lowest_in(call_) ? 0 : kPoliteSeconds)) {
    StallWatch::timed_out = true;
    const std::string failure = watch.failure().empty() ? "" : "; " + watch.failure();
    throw CommunicationError(
        fmt::format("{} has waited {:.0f} s for {}{}", ranks_.describe(call_), waited,
                    watch.missing(call_), failure),
        {.rank = ranks_.world_ranks[static_cast<std::size_t>(ranks_.rank)]},
        "the missing ranks hang, have died, or are in another part of the program; see their logs");
  }
}

void Waiter::report(double waited) {
  log::write_from_any_rank(
      log::Level::Warning,
      fmt::format("{} has waited {:.0f} s in {} for {}; the job ends after {:.0f} s",
                  ranks_.watch->name(ranks_.rank), waited, ranks_.describe(call_),
                  ranks_.watch->missing(call_), ranks_.options.stall_timeout_seconds));
}

void Communicator::Impl::wait(std::span<MPI_Request> requests, const Call& call) {
  Waiter waiter(*this, call);
  std::vector<MPI_Status> statuses(requests.size());
  for (;;) {
    int done = 0;
    int code =
        MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, statuses.data());
    if (code == MPI_ERR_IN_STATUS) code = first_error(statuses);
    check(code, name_of(call.operation), rank, call.bytes);
    if (done != 0) return;
    waiter.idle();
  }
}

bool Communicator::Impl::may_be_abandoned() const {
  const auto working = [](const auto& group_watch) { return group_watch->working(); };
  return (watch && watch->working()) || std::any_of(above.begin(), above.end(), working);
}

void Communicator::Impl::heed_failures(const Call& call) const {
  const auto heed = [&](StallWatch& group_watch) {
    const std::string& failure = group_watch.failure();
    if (failure.empty()) return;
    throw CommunicationError(fmt::format("{} does not go on: {}", describe(call), failure),
                             {.rank = world_ranks[static_cast<std::size_t>(rank)]});
  };
  for (const auto& group_watch : above) {
    if (group_watch->working()) heed(*group_watch);
  }
  // At the end of its work a group waits for all, also for those that have failed.
  if (watch && watch->working() && call.operation != Operation::EndOfGroup) heed(*watch);
}

std::string Communicator::Impl::describe(const Call& call) const {
  return to_string(call) + (group.empty() ? "" : " of " + group);
}

Call Communicator::Impl::enter(Operation operation, std::int64_t bytes, int root) {
  const Call call{operation, sequence++, bytes, root};
  if (may_be_abandoned()) heed_failures(call);
  if (options.check_collectives && world_size > 1) compare(call);
  return call;
}

void Communicator::Impl::compare(const Call& call) {
  const Kept<Call> own(call);
  const Kept<std::vector<Call>> everyones(static_cast<std::size_t>(world_size));
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Iallgather(&*own, sizeof(Call), MPI_BYTE, everyones->data(), sizeof(Call), MPI_BYTE,
                       checks.get(), &request),
        "MPI_Iallgather", rank, sizeof(Call));
  wait(request, call);
  const std::vector<Call>& calls = *everyones;
  const auto odd = std::find_if(calls.begin(), calls.end(),
                                [&](const Call& other) { return other != calls[0]; });
  if (odd == calls.end()) return;
  const int odd_rank = static_cast<int>(odd - calls.begin());
  const AgreedError error(
      fmt::format("the ranks are in different collectives: {} is in {}, {} is in {}",
                  watch->name(odd_rank), to_string(*odd), watch->name(0), to_string(calls[0])),
      {.rank = world_ranks[static_cast<std::size_t>(odd_rank)]},
      "every rank must make the same collective calls in the same order: please report this",
      ExitCode::Communication);
  throw group.empty() ? error : error.of_group(group, world_ranks[0]);
}

}  // namespace lockstep::dist
