#pragma once
/// Whole numbers in few bytes: 7 bits a byte, low bits first, the high bit set on all bytes but the
/// last.

#include <cstddef>
#include <cstdint>
#include <string>

namespace lockstep::data {

inline constexpr std::size_t kMaxVarint = 10;  ///< bytes of the longest one

/// Writes `value` and returns the end of it; `out` has room for kMaxVarint bytes.
inline char* put_varint(char* out, std::uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<char>((value & 0x7F) | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

inline void append_varint(std::string& out, std::uint64_t value) {
  char bytes[kMaxVarint];
  out.append(bytes, static_cast<std::size_t>(put_varint(bytes, value) - bytes));
}

/// Reads a number and moves `in` behind it. The bytes are trusted: one put_varint has written.
inline std::uint64_t get_varint(const char*& in) {
  auto byte = static_cast<std::uint8_t>(*in++);
  if (byte < 0x80) return byte;
  std::uint64_t value = byte & 0x7FU;
  for (unsigned shift = 7;; shift += 7) {
    byte = static_cast<std::uint8_t>(*in++);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return value;
  }
}

/// The place behind `count` of them.
inline const char* skip_varints(const char* in, std::size_t count) {
  for (; count > 0; ++in) count -= static_cast<std::uint8_t>(*in) < 0x80 ? 1 : 0;
  return in;
}

}  // namespace lockstep::data
