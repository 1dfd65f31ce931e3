#include "data/features/text/murmur_hash.hpp"

#include <bit>

namespace lockstep::data {
namespace {

/// Up to four bytes as a little-endian number.
std::uint32_t word_of(std::string_view bytes) noexcept {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    word |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return word;
}

std::uint32_t mixed(std::uint32_t word) noexcept {
  return std::rotl(word * 0xCC9E2D51u, 15) * 0x1B873593u;
}

std::uint32_t finished(std::uint32_t hash) noexcept {
  hash = (hash ^ (hash >> 16)) * 0x85EBCA6Bu;
  hash = (hash ^ (hash >> 13)) * 0xC2B2AE35u;
  return hash ^ (hash >> 16);
}

}  // namespace

std::uint32_t murmur3(std::string_view bytes, std::uint32_t seed) noexcept {
  const auto length = static_cast<std::uint32_t>(bytes.size());
  std::uint32_t hash = seed;
  for (; bytes.size() >= 4; bytes.remove_prefix(4))
    hash = std::rotl(hash ^ mixed(word_of(bytes.substr(0, 4))), 13) * 5 + 0xE6546B64u;
  hash ^= mixed(word_of(bytes));  // nothing where nothing is left: mixed(0) is 0
  return finished(hash ^ length);
}

std::uint32_t hash_index(std::string_view bytes, std::uint32_t buckets) noexcept {
  const auto hash = static_cast<std::int64_t>(static_cast<std::int32_t>(murmur3(bytes)));
  const std::int64_t rest = hash % buckets;
  return static_cast<std::uint32_t>(rest < 0 ? rest + buckets : rest);
}

}  // namespace lockstep::data
