#pragma once
/// How often each index occurs in a row.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lockstep::data {

/// Calls use(index, times) for each different index, in ascending order. Sorts the indices.
template <typename Use>
void tally(std::vector<std::uint32_t>& indices, const Use& use) {
  std::sort(indices.begin(), indices.end());
  for (auto begin = indices.begin(); begin != indices.end();) {
    const auto end = std::upper_bound(begin, indices.end(), *begin);
    use(static_cast<std::size_t>(*begin), static_cast<std::size_t>(end - begin));
    begin = end;
  }
}

}  // namespace lockstep::data
