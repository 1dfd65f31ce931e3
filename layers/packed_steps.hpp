#pragma once
/// The steps of a lane's sequences in the order in which a recurrence takes them: step by step, and
/// within a step the rows that still have one, the longest first. What lies behind a row's end does
/// not exist here, and the rows of a step are the first rows of the step before.
///
///   lengths 2, 3, 0 of T = 4:   positions  0: row 1 step 0   2: row 1 step 1   4: row 1 step 2
///                                          1: row 0 step 0   3: row 0 step 1
///
/// In reverse, each row from its last step to its first: the same positions with other steps.

#include <cstddef>
#include <cstdint>

namespace lockstep::layers {

class PackedSteps {
 public:
  static std::size_t memory_floats(std::size_t rows, std::size_t steps);

  /// A view of `memory` (memory_floats, kept by the caller) for `rows` rows of up to `steps` steps.
  PackedSteps(std::size_t rows, std::size_t steps, float* memory);

  /// Fills it in. `lengths`: steps of each row, 0 .. steps; null: all have `steps`.
  void arrange(const std::int32_t* lengths);

  std::size_t rows() const noexcept { return rows_; }
  std::size_t steps() const noexcept { return steps_; }
  std::size_t size() const noexcept { return at(first_[steps_]); }  ///< all steps of all rows
  std::size_t active(std::size_t t) const { return at(first_[t + 1] - first_[t]); }
  std::size_t first(std::size_t t) const {
    return at(first_[t]);
  }                                                               ///< position where step t begins
  std::size_t row(std::size_t i) const { return at(order_[i]); }  ///< of the i-th longest row
  std::size_t length(std::size_t i) const { return at(length_[i]); }

  const std::int32_t* rows_of() const noexcept { return order_; }  ///< row(i), of all i
  const std::int32_t* places() const noexcept { return place_; }  ///< row * T + step, of a position
  const std::int32_t* reversed_places() const noexcept { return reversed_; }  ///< in reverse
  const std::int32_t* mirror() const noexcept {
    return mirror_;  ///< position of the same row's step as far from its other end
  }

 private:
  static std::size_t at(std::int32_t i) noexcept { return static_cast<std::size_t>(i); }

  std::size_t rows_, steps_;
  std::int32_t *order_, *length_, *first_, *place_, *reversed_, *mirror_;
};

/// Rows of a matrix, `stride` floats apart.
template <typename Float>
struct RowsOf {
  Float* data;
  std::size_t stride;
};

/// Copies `count` rows of `width` floats: to[i] = from[index[i]]; null is i.
void gather_rows(const std::int32_t* index, std::size_t count, std::size_t width,
                 RowsOf<const float> from, RowsOf<float> to);

/// to[index[i]] = from[i].
void scatter_rows(const std::int32_t* index, std::size_t count, std::size_t width,
                  RowsOf<const float> from, RowsOf<float> to);

/// to[i] += from[index[i]].
void add_gathered_rows(const std::int32_t* index, std::size_t count, std::size_t width,
                       RowsOf<const float> from, RowsOf<float> to);

}  // namespace lockstep::layers
