#pragma once
/// MurmurHash3 x86 32 (Austin Appleby), the hash that turns words into indices: as Spark ML's
/// since 3.0.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lockstep::data {

/// The same on machines of either byte order.
std::uint32_t murmur3(std::string_view bytes, std::uint32_t seed = 42) noexcept;

/// The index of a word among `buckets` >= 1: its hash, taken as a signed number, modulo `buckets`,
/// never negative.
std::uint32_t hash_index(std::string_view bytes, std::uint32_t buckets) noexcept;

}  // namespace lockstep::data
