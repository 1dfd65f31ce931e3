#pragma once
/// What `lockstep bench` tells of recorded steps (core/timeline.hpp): a table and JSON of where the
/// time goes, and a trace to look at.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/timeline.hpp"
#include "dist/communicator.hpp"
#include "layers/network.hpp"

namespace lockstep::apps {

/// Steps that were recorded on this rank.
struct RecordedSteps {
  std::vector<Timeline> threads;
  std::size_t steps = 0;
  std::size_t lane_size = 0;
  double zero = 0;  ///< clock_seconds() when all ranks began
};

/// COLLECTIVE. On the driver an array with an element a rank, of its thread 0: seconds a step of
/// each layer (forward, backward, and thereof inside oneDNN), of each phase, and of what is left.
nlohmann::ordered_json profile_of(const dist::Communicator& ranks, const layers::Network& network,
                                  const RecordedSteps& recorded);

/// One rank's element as a table.
std::string profile_text(const nlohmann::ordered_json& profile);

/// COLLECTIVE. Writes the last steps of all ranks and threads as trace events, which Perfetto and
/// chrome://tracing show: a process a rank, a line a thread. @throws AgreedError (FileError)
void write_trace(const dist::Communicator& ranks, const layers::Network& network,
                 const RecordedSteps& recorded, const std::string& path);

}  // namespace lockstep::apps
