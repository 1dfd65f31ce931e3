#include "dist/tree.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace lockstep::dist {

Range block_of(std::size_t n, std::size_t worker, std::size_t workers) {
  expects(worker < workers, "block_of: worker < workers");
  const std::size_t size = n / workers;
  const std::size_t larger = n % workers;  // the first blocks hold one more
  const std::size_t begin = worker * size + std::min(worker, larger);
  return {begin, begin + size + (worker < larger ? 1 : 0)};
}

std::vector<Range> maximal_nodes(std::size_t n, Range block) {
  expects(block.begin <= block.end && block.end <= n, "maximal_nodes: a block of [0, n)");
  std::vector<Range> nodes;
  for (std::size_t begin = block.begin; begin < block.end;) {
    std::size_t size = 1;
    const auto grows = [&] {
      return size < n && begin % (2 * size) == 0 && std::min(begin + 2 * size, n) <= block.end;
    };
    while (grows()) size *= 2;
    nodes.push_back({begin, std::min(begin + size, n)});
    begin = nodes.back().end;
  }
  return nodes;
}

bool are_siblings(std::size_t n, Range left, Range right) {
  // A node with a right neighbour is not cut by n, so the left one has its full size.
  const std::size_t size = left.end - left.begin;
  const bool power_of_two = size != 0 && (size & (size - 1)) == 0;
  return power_of_two && left.end == right.begin && right.begin < right.end &&
         left.begin % (2 * size) == 0 && right.end == std::min(left.begin + 2 * size, n);
}

}  // namespace lockstep::dist
