#include "apps/peak_memory.hpp"

#include <sys/resource.h>

namespace lockstep::apps {

std::int64_t peak_rss_bytes(const dist::Communicator& ranks) {
  constexpr std::int64_t kKilobyte = 1024;  // getrusage's unit
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::int64_t peak[] = {static_cast<std::int64_t>(usage.ru_maxrss) * kKilobyte};
  ranks.allreduce_max(peak);
  return peak[0];
}

}  // namespace lockstep::apps
