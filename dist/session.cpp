#include "dist/session.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>

#include "core/log.hpp"
#include "dist/mpi_communicator.hpp"

namespace lockstep::dist {
namespace {

constexpr double kLeaveTimeoutSeconds = 60;  // how long the ranks wait for each other at the end

constexpr std::chrono::seconds kTimeToSpeak(2);

volatile std::sig_atomic_t stop_signal = 0;

bool set_in_environment(const char* name) { return std::getenv(name) != nullptr; }

/// Open MPI 4 starts a helper daemon (orted) for a program without mpirun, and fails where that is
/// not installed. And it spends a quarter of a second on asking each kind of network whether it is
/// there; a world of one needs none.
void prepare_singleton() {
  const bool launched = set_in_environment("OMPI_COMM_WORLD_SIZE") ||
                        set_in_environment("PMIX_RANK") || set_in_environment("PMI_RANK");
  if (launched) return;
  setenv("OMPI_MCA_ess_singleton_isolated", "1", /*overwrite=*/0);
  setenv("OMPI_MCA_pml", "ob1", /*overwrite=*/0);
}

void print(const std::exception& error, int rank) {
  std::fflush(stdout);
  const std::string text = describe(error, rank) + "\n";
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

/// MPI between its start and its end.
class Session {
 public:
  Session(int& argc, char**& argv) {
    std::signal(SIGXFSZ, SIG_IGN);  // a write beyond a file size limit fails and says so
    prepare_singleton();
    int provided = MPI_THREAD_SINGLE;
    check(MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &provided), "MPI_Init_thread", -1);
    open_ = true;
    std::atexit(leave_by_exit);
    if (provided < MPI_THREAD_SERIALIZED) {
      throw CommunicationError(
          "this MPI does not let several threads take turns (MPI_THREAD_SERIALIZED)", {},
          "use an MPI that was built with thread support");
    }
    check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler",
          -1);
    check(MPI_Comm_size(MPI_COMM_WORLD, &world_size_), "MPI_Comm_size", -1);
  }

  int world_size() const noexcept { return world_size_; }

  /// Ends MPI here; all ranks do.
  void finalize() {
    open_ = false;
    MPI_Finalize();
  }

  /// Ends the job on all ranks, whatever they are doing. Returns only in a world of one.
  int abort(ExitCode code) {
    std::fflush(nullptr);
    if (world_size_ > 1) {
      open_ = false;
      MPI_Abort(MPI_COMM_WORLD, static_cast<int>(code));
      std::_Exit(static_cast<int>(code));
    }
    finalize();
    return static_cast<int>(code);
  }

 private:
  /// exit() in the middle of the session, by a library for example: the other ranks would wait for
  /// this one.
  static void leave_by_exit() {
    if (!open_) return;
    open_ = false;
    int world_size = 1;
    if (MPI_Comm_size(MPI_COMM_WORLD, &world_size) != MPI_SUCCESS || world_size == 1) return;
    std::fputs("error: exit() was called before the end of the session\n", stderr);
    std::fflush(nullptr);
    MPI_Abort(MPI_COMM_WORLD, static_cast<int>(ExitCode::Internal));
  }

  inline static bool open_ = false;
  int world_size_ = 1;
};

void warn_of_lonely_ranks(const Session& session) {
  const char* tasks = std::getenv("SLURM_STEP_NUM_TASKS");  // set by srun
  if (session.world_size() > 1 || tasks == nullptr || std::atoi(tasks) <= 1) return;
  log::write_from_any_rank(
      log::Level::Warning,
      fmt::format("srun started {} tasks, but each sees a world of one rank: try srun --mpi=pmix",
                  tasks));
}

/// The ranks wait for each other, so that the first to leave does not end the job for those who
/// still have to print.
void leave_together(Communicator& world) {
  std::fflush(nullptr);
  Communicator::Impl& ranks = world.impl();
  ranks.options.stall_timeout_seconds =
      std::min(ranks.options.stall_timeout_seconds, kLeaveTimeoutSeconds);
  const Call call = ranks.enter(Operation::EndOfSession);
  if (ranks.world_size == 1) return;
  MPI_Request request = MPI_REQUEST_NULL;
  // Not among the collectives: one that some ranks are still in must not be taken for this one.
  check(MPI_Ibarrier(ranks.checks.get(), &request), "MPI_Ibarrier", ranks.rank);
  ranks.wait(request, call);
}

ExitCode run_body(const SessionBody& body, Communicator& world) {
  ExitCode code;
  try {
    code = body(world);
  } catch (const AgreedError& error) {
    if (!error.group().empty()) throw;  // the other ranks do not know of it
    // every rank holds it
    if (world.rank() == 0) print(error, -1);
    code = error.exit_code();
    world.impl().options.check_collectives =
        false;  // the ranks may have left off in different collectives
  }
  leave_together(world);
  return code;
}

}  // namespace

int run_session(int& argc, char**& argv, const SessionBody& body) {
  std::optional<Session> session;
  int rank = -1;
  try {
    session.emplace(argc, argv);
    warn_of_lonely_ranks(*session);
    ExitCode code;
    {
      Communicator world = make_communicator(MPI_COMM_WORLD, {});
      rank = world.world_size() > 1 ? world.rank() : -1;
      code = run_body(body, world);
    }
    session->finalize();
    return static_cast<int>(code);
  } catch (const AgreedError& error) {
    // From the way out: the ranks hold it together, but something is too wrong to leave in good
    // order. Or a group holds it, and the others go on: then its speaker has a moment to speak.
    if (std::max(rank, 0) == error.speaker()) {
      print(error, -1);
    } else if (!error.group().empty()) {
      std::this_thread::sleep_for(kTimeToSpeak);
    }
    return session->abort(error.exit_code());
  } catch (const std::exception&
               error) {  // this rank alone: the others may wait in a collective for ever
    print(error, rank);
    return session ? session->abort(exit_code_of(error)) : static_cast<int>(exit_code_of(error));
  } catch (...) {
    print(InternalError("an exception of an unknown kind"), rank);
    return session ? session->abort(ExitCode::Internal) : static_cast<int>(ExitCode::Internal);
  }
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

bool stop_requested() noexcept { return stop_signal != 0; }

void watch_stop_signals() {
  struct sigaction action = {};
  action.sa_handler = [](int signal) { stop_signal = signal; };
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGUSR2}) sigaction(signal, &action, nullptr);
}

}  // namespace lockstep::dist
