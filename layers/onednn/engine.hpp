#pragma once
/// The one CPU engine, and a stream per thread. Only sources of layers/ include this.

#include <chrono>
#include <oneapi/dnnl/dnnl.hpp>

namespace lockstep::layers::onednn {

const dnnl::engine& engine();
dnnl::stream& stream();  ///< of the calling thread

/// Whether oneDNN's kernels here take blocks of 16 channels: those for AVX-512. After limit_isa().
bool prefers_blocks_of_16();

/// Whether oneDNN's kernels here have instructions for bf16, and those that multiply tiles. After
/// limit_isa().
bool has_bf16();
bool has_amx();

/// Adds to the calling thread's primitive_seconds().
void add_primitive_seconds(double seconds) noexcept;

/// All the time from here to the end of the scope counts as spent in primitives: for kernels of our
/// own around oneDNN's.
class PrimitiveScope {
 public:
  PrimitiveScope() noexcept;
  ~PrimitiveScope();
  PrimitiveScope(const PrimitiveScope&) = delete;
  PrimitiveScope& operator=(const PrimitiveScope&) = delete;

 private:
  std::chrono::steady_clock::time_point start_;
  double before_;
};

}  // namespace lockstep::layers::onednn
