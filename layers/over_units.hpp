#pragma once
/// Element-wise functions of many arrays, for the kernels of recurrent cells: whole vectors, and at
/// the end shorter ones, so that no number of units falls back to single numbers.

#include <array>
#include <cstddef>

#include "core/simd.hpp"

namespace lockstep::layers {

template <std::size_t N>
using Values = std::array<float, N>;  ///< one number of each array

/// Where the arrays lie.
template <std::size_t N>
using Inputs = std::array<const float*, N>;
template <std::size_t N>
using Outputs = std::array<float*, N>;

template <std::size_t Width, std::size_t In, std::size_t Out, typename Function>
LOCKSTEP_INLINE inline void apply_block(std::size_t begin, const Inputs<In>& in,
                                        const Outputs<Out>& out, Function function) {
  LOCKSTEP_INDEPENDENT
  for (std::size_t j = begin; j < begin + Width; ++j) {
    Values<In> x;
    for (std::size_t k = 0; k < In; ++k) x[k] = in[k][j];
    const Values<Out> y = function(x);
    for (std::size_t k = 0; k < Out; ++k) out[k][j] = y[k];
  }
}

/// out[..][j] = function(in[..][j]) for 0 <= j < units. An output may be an input. Call it in a
/// LOCKSTEP_SIMD function, with a LOCKSTEP_INLINE lambda.
template <std::size_t In, std::size_t Out, typename Function>
LOCKSTEP_INLINE inline void over_units(std::size_t units, const Inputs<In>& in,
                                       const Outputs<Out>& out, Function function) {
  std::size_t j = 0;
  for (; j + 16 <= units; j += 16) apply_block<16>(j, in, out, function);
  if (j + 8 <= units) {
    apply_block<8>(j, in, out, function);
    j += 8;
  }
  if (j + 4 <= units) {
    apply_block<4>(j, in, out, function);
    j += 4;
  }
  for (; j < units; ++j) apply_block<1>(j, in, out, function);
}

}  // namespace lockstep::layers
