#pragma once
/// Products of matrices whose sizes are known only when a pass runs. Row-major, in place, nothing
/// to compile; the library packs what it needs. A plain right factor (not transposed) is the fast
/// case.

#include <cstddef>

namespace lockstep::layers::onednn {

/// C [m, n] = A [m, k] B [k, n].
struct ProductSize {
  std::size_t m, n, k;
};

/// A factor in memory: row after row, `stride` floats apart. `transposed`: its transpose is meant.
struct Factor {
  const float* data;
  std::size_t stride;
  bool transposed = false;
};

/// Where a product goes. `add`: it is added to what is there.
struct Target {
  float* data;
  std::size_t stride;
  bool add = false;
};

/// Counts into primitive_seconds(). @throws InternalError
void multiply(const ProductSize& size, const Factor& a, const Factor& b, const Target& c);

}  // namespace lockstep::layers::onednn
