#pragma once
/// What a thread did when, for who wants to see where a step's time goes. A null Timeline costs a
/// comparison; recording costs two clock readings a span.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lockstep {

/// The parts of a step.
enum class Phase : std::uint8_t {
  Input,      ///< rows are gathered
  Forward,    ///< of a layer
  Loss,       ///< and its gradient
  Backward,   ///< of a layer
  Sums,       ///< of lanes along the tree, and sending what is complete
  Waiting,    ///< for other threads and ranks
  Exchange,   ///< what is left of the reduce-scatter, sums of scalars
  Optimizer,  ///< on the rank's own segments
  Gather,     ///< of the updated weights
  Pack,       ///< weights into the kernels' layouts
  Step,       ///< all of it
};
inline constexpr std::size_t kPhases = static_cast<std::size_t>(Phase::Step) + 1;

/// "input", "forward", ...
const char* phase_name(Phase phase) noexcept;

/// Seconds of a clock that never goes back; its zero is that of the process's machine.
inline double clock_seconds() noexcept {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Span {
  Phase phase;
  std::uint32_t layer =
      0;  ///< of Forward and Backward: counted from 0, in the order of the network
  double begin = 0, end = 0;  ///< clock_seconds()
  double primitives = 0;      ///< seconds thereof inside oneDNN's primitives
};

/// Of one thread.
using Timeline = std::vector<Span>;

/// Records the time from here to the end of the scope, if there is a timeline.
class SpanScope {
 public:
  SpanScope(Timeline* timeline, Phase phase) noexcept : timeline_(timeline), phase_(phase) {
    if (timeline_ != nullptr) begin_ = clock_seconds();
  }
  ~SpanScope() {
    if (timeline_ != nullptr) timeline_->push_back({phase_, 0, begin_, clock_seconds(), 0});
  }
  SpanScope(const SpanScope&) = delete;
  SpanScope& operator=(const SpanScope&) = delete;

 private:
  Timeline* timeline_;
  Phase phase_;
  double begin_ = 0;
};

}  // namespace lockstep
