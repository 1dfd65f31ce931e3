#include "layers/packed_steps.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/error.hpp"
#include "layers/build.hpp"
#include "layers/elementwise.hpp"

namespace lockstep::layers {
namespace {

std::size_t index_of(const std::int32_t* index, std::size_t i) {
  return index != nullptr ? static_cast<std::size_t>(index[i]) : i;
}

}  // namespace

std::size_t PackedSteps::memory_floats(std::size_t rows, std::size_t steps) {
  return 2 * padded(rows) + padded(steps + 1) + 3 * padded(rows * steps);
}

PackedSteps::PackedSteps(std::size_t rows, std::size_t steps, float* memory)
    : rows_(rows), steps_(steps) {
  expects(rows * steps <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()),
          "a lane has fewer than 2^31 steps");
  auto* next = reinterpret_cast<std::int32_t*>(memory);  // a float's memory holds one
  const auto take = [&](std::size_t n) { return std::exchange(next, next + padded(n)); };
  order_ = take(rows);
  length_ = take(rows);
  first_ = take(steps + 1);
  place_ = take(rows * steps);
  reversed_ = take(rows * steps);
  mirror_ = take(rows * steps);
}

void PackedSteps::arrange(const std::int32_t* lengths) {
  const auto all = static_cast<std::int32_t>(steps_);
  const auto length_of = [&](std::int32_t row) { return lengths ? lengths[row] : all; };
  // By counting, longest first, equal ones in their order: first_ serves as the table.
  std::fill_n(first_, steps_ + 1, 0);
  for (std::size_t n = 0; n < rows_; ++n) ++first_[length_of(static_cast<std::int32_t>(n))];
  std::int32_t before = 0;
  for (std::size_t t = steps_ + 1; t-- > 0;) before += std::exchange(first_[t], before);
  for (std::size_t n = 0; n < rows_; ++n) {
    const auto row = static_cast<std::int32_t>(n), length = length_of(row);
    const auto i = first_[length]++;
    order_[i] = row;
    length_[i] = length;
  }
  // Now first_[t] is the number of rows with at least t steps. Those with more than t are step t's.
  std::int32_t position = 0;
  for (std::size_t t = 0; t < steps_; ++t) {
    const auto active = first_[t + 1];
    first_[t] = position;
    for (std::int32_t i = 0; i < active; ++i)
      place_[position++] = order_[i] * all + static_cast<std::int32_t>(t);
  }
  first_[steps_] = position;
  for (std::size_t t = 0; t < steps_; ++t) {
    for (std::int32_t i = 0; i < first_[t + 1] - first_[t]; ++i) {
      const auto other = first_[length_[i] - 1 - static_cast<std::int32_t>(t)] + i;
      mirror_[first_[t] + i] = other;
      reversed_[first_[t] + i] = place_[other];
    }
  }
}

void gather_rows(const std::int32_t* index, std::size_t count, std::size_t width,
                 RowsOf<const float> from, RowsOf<float> to) {
  for (std::size_t i = 0; i < count; ++i)
    std::copy_n(from.data + index_of(index, i) * from.stride, width, to.data + i * to.stride);
}

void scatter_rows(const std::int32_t* index, std::size_t count, std::size_t width,
                  RowsOf<const float> from, RowsOf<float> to) {
  for (std::size_t i = 0; i < count; ++i)
    std::copy_n(from.data + i * from.stride, width, to.data + index_of(index, i) * to.stride);
}

void add_gathered_rows(const std::int32_t* index, std::size_t count, std::size_t width,
                       RowsOf<const float> from, RowsOf<float> to) {
  for (std::size_t i = 0; i < count; ++i) {
    float* target = to.data + i * to.stride;
    add(target, from.data + index_of(index, i) * from.stride, target, width);
  }
}

}  // namespace lockstep::layers
