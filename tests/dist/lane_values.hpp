#pragma once
/// Gradients for tests of sums: numbers whose sum shows every change of order, and the sum along
/// the tree by its definition.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lockstep::tests {

/// Number i of a lane: differs by orders of magnitude between lanes, so that float addition is far
/// from associative.
inline float lane_value(std::size_t step, std::size_t lane, std::size_t i) {
  const auto mixed = static_cast<std::uint32_t>((step * 977 + lane + 1) * 2654435761u + i * 40503u);
  const float scale = static_cast<float>(1 << (mixed >> 28));
  return scale * (static_cast<float>((mixed >> 4) % 100003) / 100003.0f - 0.5f);
}

inline std::vector<float> lane_values(std::size_t step, std::size_t lane, std::size_t floats) {
  std::vector<float> values(floats);
  for (std::size_t i = 0; i < floats; ++i) values[i] = lane_value(step, lane, i);
  return values;
}

/// left + right down to the leaves, left alone where right is empty; leaf(i) gives a vector.
template <typename Leaf>
auto serial_tree_sum(std::size_t n, std::size_t begin, std::size_t size, const Leaf& leaf) {
  if (size == 1) return leaf(begin);
  auto left = serial_tree_sum(n, begin, size / 2, leaf);
  if (begin + size / 2 >= n) return left;
  const auto right = serial_tree_sum(n, begin + size / 2, size / 2, leaf);
  for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
  return left;
}

template <typename Leaf>
auto serial_tree_sum(std::size_t n, const Leaf& leaf) {
  std::size_t size = 1;
  while (size < n) size *= 2;
  return serial_tree_sum(n, 0, size, leaf);
}

}  // namespace lockstep::tests
