#include "core/timeline.hpp"

#include <array>

namespace lockstep {

const char* phase_name(Phase phase) noexcept {
  static constexpr std::array<const char*, kPhases> kNames{
      "input",    "forward",   "loss",   "backward", "sums", "waiting",
      "exchange", "optimizer", "gather", "pack",     "step"};
  return kNames[static_cast<std::size_t>(phase)];
}

}  // namespace lockstep
