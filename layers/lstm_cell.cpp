#include "layers/lstm_cell.hpp"

#include "core/float_math.hpp"
#include "layers/over_units.hpp"

namespace lockstep::layers {
namespace {

LOCKSTEP_SIMD void open_gates(const CellStep& s, const float* bias, std::size_t units) {
  const std::size_t h = units;
  for (std::size_t row = 0; row < s.rows; ++row) {
    float* gates = s.gates + row * 4 * h;
    over_units<9, 6>(h,
                     {gates, gates + h, gates + 2 * h, gates + 3 * h, bias, bias + h, bias + 2 * h,
                      bias + 3 * h, s.c_before + row * h},
                     {gates, gates + h, gates + 2 * h, gates + 3 * h, s.c + row * h, s.h + row * h},
                     [](const Values<9>& x) LOCKSTEP_INLINE -> Values<6> {
                       const float i = float_sigmoid(x[0] + x[4]), f = float_sigmoid(x[1] + x[5]);
                       const float g = float_tanh(x[2] + x[6]), o = float_sigmoid(x[3] + x[7]);
                       const float c = f * x[8] + i * g;
                       return {i, f, g, o, c, o * float_tanh(c)};
                     });
  }
}

LOCKSTEP_SIMD void close_gates(const CellStep& s, const CellGradient& d, std::size_t units) {
  const std::size_t h = units;
  for (std::size_t row = 0; row < s.rows; ++row) {
    float* gates = s.gates + row * 4 * h;
    over_units<8, 5>(h,
                     {gates, gates + h, gates + 2 * h, gates + 3 * h, s.c + row * h,
                      s.c_before + row * h, d.dh + row * h, d.dc + row * h},
                     {gates, gates + h, gates + 2 * h, gates + 3 * h, d.dc + row * h},
                     [](const Values<8>& x) LOCKSTEP_INLINE -> Values<5> {
                       const float i = x[0], f = x[1], g = x[2], o = x[3], dh = x[6];
                       const float tanh_c = float_tanh(x[4]);
                       const float dc = x[7] + dh * o * (1.0f - tanh_c * tanh_c);
                       return {dc * g * (i * (1.0f - i)), dc * x[5] * (f * (1.0f - f)),
                               dc * i * (1.0f - g * g), dh * tanh_c * (o * (1.0f - o)), dc * f};
                     });
  }
}

}  // namespace

void LstmCell::forward(const CellStep& step, const CellWeights& weights) const {
  add_state(step, weights, 4);
  open_gates(step, weights.bias, units());
}

void LstmCell::backward(const CellStep& step, const CellWeights& weights,
                        const CellGradient& gradient) const {
  close_gates(step, gradient, units());
  if (gradient.wanted) return_to_state(step, weights, 4, gradient.dh, false);
}

}  // namespace lockstep::layers
