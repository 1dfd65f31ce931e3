#pragma once
/// Products of matrices whose sizes are known only when a pass runs. Row-major, in place. In f32
/// nothing is compiled, and the library packs what it needs; a plain right factor (not transposed)
/// is the fast case. In bf16 a primitive is compiled for each size that a thread meets, of which
/// there are few: of A as it lies in memory, up to 15 rows and a multiple of 16 rows are two
/// products.

#include <cstddef>
#include <cstdint>

#include "core/proto/layer_options.pb.h"

namespace lockstep::layers::onednn {

/// A number rounded to bfloat16: the upper half of a float.
struct Bf16 {
  std::uint16_t bits;
};

/// To the nearest, of two the even one; NaN stays NaN.
void round_to_bf16(const float* from, std::size_t count, Bf16* to);

/// C [m, n] = A [m, k] B [k, n].
struct ProductSize {
  std::size_t m, n, k;
};

/// A factor in memory: row after row, `stride` numbers apart. `transposed`: its transpose is meant.
struct Factor {
  Factor(const float* numbers, std::size_t stride_, bool transposed_ = false)
      : data(numbers), stride(stride_), transposed(transposed_) {}
  Factor(const Bf16* numbers, std::size_t stride_, bool transposed_ = false)
      : data(numbers), stride(stride_), transposed(transposed_), rounded(true) {}

  /// The part of it that begins at an element, in rows and columns as they lie in memory.
  Factor from(std::size_t row, std::size_t column) const;

  const void* data;
  std::size_t stride;
  bool transposed;
  bool rounded = false;  ///< holds Bf16, not floats
};

/// Where a product goes. `add`: it is added to what is there.
struct Target {
  float* data;
  std::size_t stride;
  bool add = false;
};

/// Counts into primitive_seconds(). `precision` BF16: A and B are rounded first, unless they are.
/// In F32 no factor may be rounded. @throws InternalError
void multiply(const ProductSize& size, const Factor& a, const Factor& b, const Target& c,
              proto::Precision precision = proto::F32);

}  // namespace lockstep::layers::onednn
