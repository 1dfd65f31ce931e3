#pragma once
/// Numbers at full speed, for parsers that read them in place. The text they stand in ends with a
/// line end, so that no loop needs to look for its end.

#include <fast_float/fast_float.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <system_error>

namespace lockstep::data {

inline bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

/// Up to 15 digits with one point at most are exact in a double, and so are these powers: one
/// division rounds correctly.
inline constexpr std::array<double, 16> kPowersOfTen{1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/// Reads any number, nan and inf too, and returns the end of it, or nullptr if there is none. Too
/// large ones become inf, too small ones 0. May read the byte behind a sign.
inline const char* read_any_number(const char* p, const char* end, double& value) {
  if (*p == '+' && p[1] != '-' && p[1] != '+') ++p;  // from_chars takes no plus
  const auto [after, error] = fast_float::from_chars(p, end, value);
  if (error == std::errc::result_out_of_range) return after;  // value is 0 or infinite
  return error == std::errc() ? after : nullptr;
}

/// The same, fast for short decimal numbers. ends_field(c) tells the bytes that may follow one;
/// that the byte behind the returned end is such a byte is the caller's to check.
template <typename EndsField>
inline const char* read_number(const char* p, const char* end, double& value,
                               const EndsField& ends_field) {
  const char* q = p;
  const bool negative = *q == '-';
  q += (negative || *q == '+') ? 1 : 0;
  std::uint64_t digits = 0;
  const char* first = q;
  while (is_digit(*q)) digits = digits * 10 + static_cast<std::uint64_t>(*q++ - '0');
  auto count = q - first;
  std::ptrdiff_t decimals = 0;
  if (*q == '.') {
    first = ++q;
    while (is_digit(*q)) digits = digits * 10 + static_cast<std::uint64_t>(*q++ - '0');
    decimals = q - first;
    count += decimals;
  }
  if (count == 0 || count > 15 || !ends_field(*q)) return read_any_number(p, end, value);
  value = static_cast<double>(digits);
  if (decimals != 0) value /= kPowersOfTen[static_cast<std::size_t>(decimals)];
  if (negative) value = -value;
  return q;
}

}  // namespace lockstep::data
