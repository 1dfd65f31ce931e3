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
    throw CommunicationError(
        fmt::format("{} has waited {:.0f} s for {}", to_string(call_), waited,
                    watch.missing(call_)),
        {.rank = ranks_.rank},
        "the missing ranks hang, have died, or are in another part of the program; see their logs");
  }
}

void Waiter::report(double waited) {
  log::write_from_any_rank(
      log::Level::Warning,
      fmt::format(
          "rank {} on host {} has waited {:.0f} s in {} for {}; the job ends after {:.0f} s",
          ranks_.rank, ranks_.watch->host(ranks_.rank), waited, to_string(call_),
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

Call Communicator::Impl::enter(Operation operation, std::int64_t bytes, int root) {
  const Call call{operation, sequence++, bytes, root};
  if (options.check_collectives && world_size > 1) compare(call);
  return call;
}

void Communicator::Impl::compare(const Call& call) {
  std::vector<Call> calls(static_cast<std::size_t>(world_size));
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Iallgather(&call, sizeof(Call), MPI_BYTE, calls.data(), sizeof(Call), MPI_BYTE,
                       checks.get(), &request),
        "MPI_Iallgather", rank, sizeof(Call));
  wait(request, call);
  const auto odd = std::find_if(calls.begin(), calls.end(),
                                [&](const Call& other) { return other != calls[0]; });
  if (odd == calls.end()) return;
  const int odd_rank = static_cast<int>(odd - calls.begin());
  throw AgreedError(
      fmt::format("the ranks are in different collectives: rank {} on host {} is in {}, rank 0 on "
                  "host {} is in {}",
                  odd_rank, watch->host(odd_rank), to_string(*odd), watch->host(0),
                  to_string(calls[0])),
      {.rank = odd_rank},
      "every rank must make the same collective calls in the same order: please report this",
      ExitCode::Communication);
}

}  // namespace lockstep::dist
