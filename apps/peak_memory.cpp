#include "apps/peak_memory.hpp"

#include "core/process_memory.hpp"

namespace lockstep::apps {

std::int64_t peak_rss_bytes(const dist::Communicator& ranks) {
  std::int64_t peak[] = {static_cast<std::int64_t>(peak_resident_bytes())};
  ranks.allreduce_max(peak);
  return peak[0];
}

}  // namespace lockstep::apps
