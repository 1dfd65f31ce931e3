#pragma once
/// What a job took of memory.

#include <cstdint>

#include "dist/communicator.hpp"

namespace lockstep::apps {

/// COLLECTIVE. The most memory that any rank's process has had in use, mapped files included.
std::int64_t peak_rss_bytes(const dist::Communicator& ranks);

}  // namespace lockstep::apps
