#pragma once
/// Elementary functions in single precision for loops over many numbers: additions,
/// multiplications, one division, no branch and no call, so that a loop over them vectorises
/// (core/simd.hpp) and has the same bits on every instruction set. NaN gives NaN.
///
/// All by e^x = 2^n e^r, r = x - n ln 2, |r| <= ln(2)/2, with the Taylor polynomial of degree 7 for
/// e^r - 1 (it misses less than 2e-8 of it).

#include <algorithm>
#include <bit>
#include <cstdint>

namespace lockstep {
namespace detail {

/// x = n ln 2 + r.
struct FloatReduced {
  float two_to_n;
  float expm1_r;  ///< e^r - 1
};

/// For |x| <= 87; two_to_n is a normal number there.
inline FloatReduced reduce_float(float x) noexcept {
  constexpr float kRound = 0x1.8p23f;  // added, it leaves a whole number in the low bits
  constexpr float kLog2e = 1.44269504f, kLn2High = 0x1.62e4p-1f, kLn2Low = 1.42860677e-6f;
  const float shifted = x * kLog2e + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * kLn2High) - n * kLn2Low;  // n kLn2High is exact
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  const auto power = (std::bit_cast<std::uint32_t>(shifted) << 23) + 0x3f800000u;
  return {std::bit_cast<float>(power), p * (r * r) + r};
}

/// x, its magnitude cut to `limit`. On bits: of a comparison of floats GCC makes branches, and
/// copies what follows into them.
inline float limited(float x, float limit) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const auto magnitude = bits & 0x7fffffffu;
  const auto nan =
      static_cast<std::uint32_t>(static_cast<std::int32_t>(0x7f800000u - magnitude) >> 31);
  const auto cut = std::min(magnitude, std::bit_cast<std::uint32_t>(limit)) | nan;
  return std::bit_cast<float>(cut | (bits & 0x80000000u));
}

}  // namespace detail

/// e^x, relative error below 2^-22 for |x| <= 87; beyond that e^-87 and e^87.
inline float float_exp(float x) noexcept {
  const auto [two_to_n, expm1_r] = detail::reduce_float(detail::limited(x, 87.0f));
  return two_to_n + two_to_n * expm1_r;
}

/// 1 / (1 + e^-x), relative error below 2^-21 for x >= -87; below that e^-87.
inline float float_sigmoid(float x) noexcept {
  const auto [two_to_n, expm1_r] = detail::reduce_float(detail::limited(-x, 87.0f));
  return 1.0f / (1.0f + (two_to_n + two_to_n * expm1_r));
}

/// tanh x = u / (u + 2), u = e^2x - 1; relative error below 2^-21.
inline float float_tanh(float x) noexcept {
  const auto [two_to_n, expm1_r] = detail::reduce_float(detail::limited(2 * x, 40.0f));
  const float u = two_to_n * expm1_r + (two_to_n - 1.0f);
  return u / (u + 2.0f);
}

}  // namespace lockstep
