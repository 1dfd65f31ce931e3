#pragma once
/// Work of a group of ranks that may fail without ending the job: one trial of a search, for
/// example, while other groups have theirs.
///
///     Communicator group = world.split(colour);
///     for (const Trial& trial : trials_of(colour)) {
///       try {
///         run_group(group, [&] { scores.push_back(train(group, trial)); });
///       } catch (const AgreedError& error) {   // the same on every rank of the group
///         failures.push_back({trial, describe(error)});
///       }
///     }
///     world.allgather(...);                    // only here do the groups meet
///
/// What is promised:
/// - An exception on any rank of the group, alone or by a vote (all_or_none), ends the work on all
///   its ranks: those that wait in a collective of the group, or of one split from it, leave it
///   within about a second, the others when they next enter one or come to the end of the work.
/// - Then run_group throws the same AgreedError on all of them: that of the lowest failing rank. It
///   names this rank by its number in the whole job, and the group. Nothing is printed. An error
///   that is not caught ends the job; run_session prints it once.
/// - Other groups are not told, do not vote and do not wait.
/// - After a failure the group can be used as before. Groups that were split from it, and gradient
///   exchanges on it, can not be: make them inside the work.
/// - A rank that hangs or has died cannot be ended by the others, so it ends the whole job, with
///   exit code 6: the ranks of its group that wait for it throw CommunicationError (not
///   AgreedError) after stall_timeout_seconds, naming the missing rank and the group. Let it pass.
///   Until then the other groups go on; what they have not finished by then is lost, so let them
///   write down what they have as it comes. Where groups end at different times, give the
///   communicator on which they meet a longer time-out than theirs (Communicator::configure). In a
///   group of one rank no rank waits for it: its hang shows where the groups meet.
///
/// Memory: messages under way at the time of a failure keep their buffers to the end of the process
/// (at most some 130 MB a failure, mostly far less), and the group's communicators are replaced,
/// not freed. Inside the work large messages are copied piece by piece on their way. MPI never
/// touches the caller's memory after a failure, with one exception: it may still write into the
/// vector given to GradientExchange::allgather. Let every trial have its own, and keep that of a
/// failed one to the end of the job.

#include <functional>

#include "dist/communicator.hpp"

namespace lockstep::dist {

/// COLLECTIVE over `group`. Runs `work` on each of its ranks; it may communicate within the group.
/// Returns when all ranks have finished. May be nested, for a group split from `group`.
/// @throws AgreedError on all ranks if `work` throws on any
/// @throws CommunicationError if a rank does not come: see above
void run_group(Communicator& group, const std::function<void()>& work);

}  // namespace lockstep::dist
