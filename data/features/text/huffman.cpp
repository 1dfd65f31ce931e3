#include "data/features/text/huffman.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

/// The tree over n words: words are 0 .. n - 1, inner nodes n .. 2n - 2 in the order of their
/// making, which is that of their frequencies.
struct Tree {
  std::vector<std::uint64_t> frequency;
  std::vector<std::size_t> parent;
  std::vector<std::uint8_t> bit;
};

Tree grow(std::span<const std::uint64_t> frequencies) {
  const std::size_t n = frequencies.size(), all = 2 * n - 1;
  Tree tree{{frequencies.begin(), frequencies.end()},
            std::vector<std::size_t>(all),
            std::vector<std::uint8_t>(all)};
  std::size_t words_left = n, next_inner = n;  // the rarest word left; the rarest inner node left
  const auto take_rarest = [&] {
    const bool inner_left = next_inner < tree.frequency.size();
    const bool word = words_left > 0 &&
                      (!inner_left || tree.frequency[words_left - 1] <= tree.frequency[next_inner]);
    return word ? --words_left : next_inner++;
  };
  while (tree.frequency.size() < all) {
    const std::size_t rarest = take_rarest(), second = take_rarest();
    tree.parent[rarest] = tree.parent[second] = tree.frequency.size();
    tree.bit[second] = 1;
    tree.frequency.push_back(tree.frequency[rarest] + tree.frequency[second]);
  }
  return tree;
}

}  // namespace

std::vector<HuffmanCode> huffman_codes(std::span<const std::uint64_t> frequencies) {
  expects(std::is_sorted(frequencies.rbegin(), frequencies.rend()), "frequent words come first");
  const std::size_t n = frequencies.size();
  std::vector<HuffmanCode> codes(n);
  if (n < 2) return codes;
  const Tree tree = grow(frequencies);
  const std::size_t root = 2 * n - 2;
  for (std::size_t word = 0; word < n; ++word) {
    HuffmanCode& code = codes[word];
    for (std::size_t node = word; node != root; node = tree.parent[node]) {
      code.nodes.push_back(static_cast<std::uint32_t>(tree.parent[node] - n));
      code.bits.push_back(tree.bit[node]);
    }
    std::reverse(code.nodes.begin(), code.nodes.end());
    std::reverse(code.bits.begin(), code.bits.end());
  }
  return codes;
}

}  // namespace lockstep::data
