#pragma once
/// Elementary functions whose bits do not depend on the machine. libm picks its code by CPU at run
/// time; these are plain IEEE additions, multiplications and divisions, inlined so that loops over
/// them vectorise.

#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>

namespace lockstep {

/// e^x in double precision, relative error below 2^-52. Range reduction to |r| <= ln2/2 and the
/// degree-13 Taylor polynomial. Below -708 gives 0, above 709 gives infinity, NaN gives NaN.
inline double exp_exact(double x) noexcept {
  if (x != x) return x;
  if (x < -708.0) return 0.0;
  if (x > 709.0) return std::numeric_limits<double>::infinity();
  constexpr double kLog2e = 1.4426950408889634, kLn2High = 6.93147180369123816490e-01,
                   kLn2Low = 1.90821492927058770002e-10;
  const double shifted = x * kLog2e + 0x1.8p52;
  const double n = shifted - 0x1.8p52;
  const double r = (x - n * kLn2High) - n * kLn2Low;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  const auto exponent =
      std::bit_cast<std::uint64_t>(shifted) & 0x7ffu;  // n mod 2048, two's complement
  const auto n_int =
      static_cast<std::int64_t>(exponent >= 0x400u ? static_cast<std::int64_t>(exponent) - 0x800
                                                   : static_cast<std::int64_t>(exponent));
  return p * std::bit_cast<double>(static_cast<std::uint64_t>(n_int + 1023) << 52);
}

/// Natural logarithm in double precision, relative error below 2 * 2^-52, for x > 0; 0 gives
/// -infinity, negative or NaN gives NaN. log(m) by 2 atanh((m-1)/(m+1)) with m in [sqrt(1/2),
/// sqrt(2)].
inline double log_exact(double x) noexcept {
  if (!(x >= 0)) return std::numeric_limits<double>::quiet_NaN();
  if (x == 0) return -std::numeric_limits<double>::infinity();
  if (x > std::numeric_limits<double>::max()) return x;
  double scale = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    scale = -54;
  }
  auto bits = std::bit_cast<std::uint64_t>(x);
  double exponent = static_cast<double>(static_cast<std::int64_t>(bits >> 52) - 1023) + scale;
  double m = std::bit_cast<double>((bits & 0xfffffffffffffull) | 0x3ff0000000000000ull);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent += 1;
  }
  const double s = (m - 1) / (m + 1), z = s * s;
  double p = 1.0 / 23;
  for (const double d : {21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0})
    p = p * z + 1.0 / d;
  const double tail = 2 * s * z * p;
  return exponent * 6.93147180369123816490e-01 +
         (2 * s + (tail + exponent * 1.90821492927058770002e-10));
}

/// log(1 + e^x) without overflow, relative error below 3 * 2^-52 where e^x is not 0.
inline double softplus(double x) noexcept {
  const double e = exp_exact(x < 0 ? x : -x);
  // log1p(e) for e in [0, 1]: the correction term keeps the digits that 1 + e loses.
  const double u = 1 + e;
  const double log1p = u == 1 ? e : log_exact(u) * (e / (u - 1));
  return (x > 0 ? x : 0) + log1p;
}

/// 1 / (1 + e^-x) without overflow, relative error below 2 * 2^-52 where e^x is not 0.
inline double sigmoid(double x) noexcept {
  const double e = exp_exact(x < 0 ? x : -x);
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

/// Quantile of the standard normal distribution, 0 < p < 1 (Wichura 1988, algorithm AS241 PPND16).
double normal_quantile(double p) noexcept;

}  // namespace lockstep
