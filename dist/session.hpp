#pragma once
/// The program between MPI_Init_thread and MPI_Finalize: the only place where an error ends a
/// process.

#include <functional>
#include <string>

#include "core/error.hpp"
#include "dist/communicator.hpp"

namespace lockstep::dist {

using SessionBody = std::function<ExitCode(Communicator& world)>;

/// Runs `body` on this rank and returns the process's exit code. An AgreedError is printed once, by
/// the driver, and all ranks leave together; any other exception is printed by the rank that has
/// it, and the job is aborted on all ranks. So is it by an AgreedError of a group of ranks that
/// nothing has caught; the group's first rank prints it. A program not started by mpirun or srun is
/// a world of one rank.
int run_session(int& argc, char**& argv, const SessionBody& body);

/// What every rank must have in common, or at least know.
struct RankIdentity {
  std::string version;      ///< of the binary, with its build; must be equal
  std::string config;       ///< digest of the config; must be equal
  int instruction_set = 0;  ///< the least one is used by all
};

/// COLLECTIVE. Returns the least instruction set.
/// @throws AgreedError that names the odd rank and its host if versions or configs differ.
int agree_on(const Communicator& world, const RankIdentity& identity);

/// COLLECTIVE. Runs `work` here, then the ranks compare notes: if it threw on any rank, all ranks
/// throw the same AgreedError, that of the lowest failing rank. `work` must not communicate. Use it
/// around whatever can fail on one rank alone: opening files, parsing, allocating, checking a loss
/// for NaN.
void all_or_none(const Communicator& ranks, const std::function<void()>& work);

/// This machine's host name. NOT COLLECTIVE
std::string host_name();

/// True once SIGTERM, SIGINT, SIGUSR1 or SIGUSR2 has arrived at this rank. NOT COLLECTIVE;
/// or-reduce it before acting on it.
bool stop_requested() noexcept;

/// Installs the handlers that stop_requested() reports. NOT COLLECTIVE; the trainer calls it.
void watch_stop_signals();

}  // namespace lockstep::dist
