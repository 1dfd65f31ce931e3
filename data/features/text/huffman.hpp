#pragma once
/// Huffman codes: frequent words get short ones.

#include <cstdint>
#include <span>
#include <vector>

namespace lockstep::data {

/// The way from the root of the tree to a word: at inner node nodes[i] it turns by bits[i].
struct HuffmanCode {
  std::vector<std::uint32_t> nodes;  ///< numbered 0 .. words - 2; the root is the last one
  std::vector<std::uint8_t> bits;    ///< as many as nodes; 1: towards the more frequent of the two
};

/// One code a word. `frequencies` fall or stay the same. Ties: a word goes before an inner node, a
/// later word before an earlier one. One word has the empty code.
std::vector<HuffmanCode> huffman_codes(std::span<const std::uint64_t> frequencies);

}  // namespace lockstep::data
