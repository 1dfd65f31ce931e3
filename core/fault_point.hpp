#pragma once
/// Failure drills: makes a rank fail on purpose, so that tests (and careful users) see what a job
/// does then.
///
/// LOCKSTEP_DRILL="throw:rank=2,step=5" in the environment of the job; kinds are throw (an
/// exception), kill (SIGKILL), exit (the process ends), stall (the rank sleeps for ever), signal
/// (SIGUSR1, which asks for a stop). Without the variable nothing is ever done.

#include <cstdint>

namespace lockstep {

/// Does as asked for if the variable names this rank and step. Called before each training step.
void fault_point(int rank, std::uint64_t step);

}  // namespace lockstep
