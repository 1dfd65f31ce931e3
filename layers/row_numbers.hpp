#pragma once
/// Which random numbers of a stream belong to a row.

#include <cstddef>
#include <cstdint>

#include "core/shape.hpp"

namespace lockstep::layers {

/// Of rows of a shape [F] or [C, H, W], or of sequences [T, F].
class RowNumbers {
 public:
  explicit RowNumbers(const Shape& shape)
      : room_(shape.rank() == 2 ? static_cast<std::uint64_t>(shape[1]) << 20 : shape.size()) {}

  /// The number of the row's first value; the others follow in row-major order. A lane is cut to
  /// the steps of its longest row: a sequence has room for 2^20 steps, so that what a row draws
  /// does not depend on the rows beside it, and no two rows of different lanes draw the same.
  std::uint64_t first(std::uint64_t row_id) const noexcept { return row_id * room_; }

 private:
  std::uint64_t room_;
};

}  // namespace lockstep::layers
