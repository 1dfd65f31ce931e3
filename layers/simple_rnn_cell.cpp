#include "layers/simple_rnn_cell.hpp"

#include "core/float_math.hpp"
#include "layers/over_units.hpp"

namespace lockstep::layers {
namespace {

LOCKSTEP_SIMD void tanh_states(const CellStep& s, const float* bias, std::size_t units) {
  for (std::size_t row = 0; row < s.rows; ++row) {
    over_units<2, 1>(units, {s.gates + row * units, bias}, {s.h + row * units},
                     [](const Values<2>& x)
                         LOCKSTEP_INLINE -> Values<1> { return {float_tanh(x[0] + x[1])}; });
  }
}

LOCKSTEP_SIMD void tanh_gradients(const CellStep& s, const float* dh, std::size_t units) {
  over_units<2, 1>(s.rows * units, {s.h, dh}, {s.gates},
                   [](const Values<2>& x)
                       LOCKSTEP_INLINE -> Values<1> { return {x[1] * (1.0f - x[0] * x[0])}; });
}

// NaN stays NaN.
LOCKSTEP_SIMD void relu_states(const CellStep& s, const float* bias, std::size_t units) {
  for (std::size_t row = 0; row < s.rows; ++row) {
    over_units<2, 1>(units, {s.gates + row * units, bias}, {s.h + row * units},
                     [](const Values<2>& x) LOCKSTEP_INLINE -> Values<1> {
                       const float z = x[0] + x[1];
                       return {z < 0.0f ? 0.0f : z};
                     });
  }
}

LOCKSTEP_SIMD void relu_gradients(const CellStep& s, const float* dh, std::size_t units) {
  over_units<2, 1>(s.rows * units, {s.h, dh}, {s.gates},
                   [](const Values<2>& x)
                       LOCKSTEP_INLINE -> Values<1> { return {x[0] > 0.0f ? x[1] : 0.0f}; });
}

}  // namespace

void SimpleRnnCell::forward(const CellStep& step, const CellWeights& weights) const {
  add_state(step, weights, 1);
  (relu_ ? relu_states : tanh_states)(step, weights.bias, units());
}

void SimpleRnnCell::backward(const CellStep& step, const CellWeights& weights,
                             const CellGradient& gradient) const {
  (relu_ ? relu_gradients : tanh_gradients)(step, gradient.dh, units());
  if (gradient.wanted) return_to_state(step, weights, 1, gradient.dh, false);
}

}  // namespace lockstep::layers
