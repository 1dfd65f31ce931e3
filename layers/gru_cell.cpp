#include "layers/gru_cell.hpp"

#include <algorithm>

#include "core/float_math.hpp"
#include "layers/over_units.hpp"

namespace lockstep::layers {
namespace {

// reset_after: all gates at once. extra = U_n h' on entry.
LOCKSTEP_SIMD void open_gates(const CellStep& s, const CellWeights& w, std::size_t units) {
  const std::size_t h = units;
  const float *b = w.bias, *d = w.hidden_bias;
  for (std::size_t row = 0; row < s.rows; ++row) {
    float *gates = s.gates + row * 3 * h, *extra = s.extra + row * h;
    over_units<11, 5>(h,
                      {gates, gates + h, gates + 2 * h, b, b + h, b + 2 * h, d, d + h, d + 2 * h,
                       extra, s.h_before + row * h},
                      {gates, gates + h, gates + 2 * h, extra, s.h + row * h},
                      [](const Values<11>& x) LOCKSTEP_INLINE -> Values<5> {
                        const float r = float_sigmoid(x[0] + (x[3] + x[6]));
                        const float z = float_sigmoid(x[1] + (x[4] + x[7]));
                        const float hidden = x[9] + x[8];
                        const float n = float_tanh((x[2] + x[5]) + r * hidden);
                        return {r, z, n, hidden, n + z * (x[10] - n)};
                      });
  }
}

LOCKSTEP_SIMD void close_gates(const CellStep& s, const CellGradient& d, std::size_t units) {
  const std::size_t h = units;
  for (std::size_t row = 0; row < s.rows; ++row) {
    float *gates = s.gates + row * 3 * h, *extra = s.extra + row * h;
    over_units<6, 5>(h,
                     {gates, gates + h, gates + 2 * h, extra, s.h_before + row * h, d.dh + row * h},
                     {gates, gates + h, gates + 2 * h, extra, d.dh + row * h},
                     [](const Values<6>& x) LOCKSTEP_INLINE -> Values<5> {
                       const float r = x[0], z = x[1], n = x[2], dh = x[5];
                       const float dn = dh * (1.0f - z) * (1.0f - n * n);
                       return {dn * x[3] * (r * (1.0f - r)), dh * (x[4] - n) * (z * (1.0f - z)), dn,
                               dn * r, dh * z};
                     });
  }
}

// The paper's: r and z, then, with the state behind r, n.
LOCKSTEP_SIMD void open_reset_and_update(const CellStep& s, const float* bias, std::size_t units) {
  const std::size_t h = units;
  for (std::size_t row = 0; row < s.rows; ++row) {
    float* gates = s.gates + row * 3 * h;
    over_units<5, 3>(h, {gates, gates + h, bias, bias + h, s.h_before + row * h},
                     {gates, gates + h, s.extra + row * h},
                     [](const Values<5>& x) LOCKSTEP_INLINE -> Values<3> {
                       const float r = float_sigmoid(x[0] + x[2]);
                       return {r, float_sigmoid(x[1] + x[3]), r * x[4]};
                     });
  }
}

LOCKSTEP_SIMD void open_new(const CellStep& s, const float* bias, std::size_t units) {
  const std::size_t h = units;
  for (std::size_t row = 0; row < s.rows; ++row) {
    float* gates = s.gates + row * 3 * h;
    over_units<4, 2>(h, {gates + h, gates + 2 * h, bias + 2 * h, s.h_before + row * h},
                     {gates + 2 * h, s.h + row * h},
                     [](const Values<4>& x) LOCKSTEP_INLINE -> Values<2> {
                       const float n = float_tanh(x[1] + x[2]);
                       return {n, n + x[0] * (x[3] - n)};
                     });
  }
}

LOCKSTEP_SIMD void close_update_and_new(const CellStep& s, const CellGradient& d,
                                        std::size_t units) {
  const std::size_t h = units;
  for (std::size_t row = 0; row < s.rows; ++row) {
    float* gates = s.gates + row * 3 * h;
    over_units<4, 3>(
        h, {gates + h, gates + 2 * h, s.h_before + row * h, d.dh + row * h},
        {gates + h, gates + 2 * h, d.dh + row * h},
        [](const Values<4>& x) LOCKSTEP_INLINE -> Values<3> {
          const float z = x[0], n = x[1], dh = x[3];
          return {dh * (x[2] - n) * (z * (1.0f - z)), dh * (1.0f - z) * (1.0f - n * n), dh * z};
        });
  }
}

// spare = gradient of r h'.
LOCKSTEP_SIMD void close_reset(const CellStep& s, const CellGradient& d, std::size_t units) {
  const std::size_t h = units;
  for (std::size_t row = 0; row < s.rows; ++row) {
    float* gates = s.gates + row * 3 * h;
    over_units<4, 2>(h, {gates, s.h_before + row * h, d.spare + row * h, d.dh + row * h},
                     {gates, d.dh + row * h}, [](const Values<4>& x) LOCKSTEP_INLINE -> Values<2> {
                       const float r = x[0];
                       return {x[2] * x[1] * (r * (1.0f - r)), x[3] + x[2] * r};
                     });
  }
}

}  // namespace

void GruCell::forward(const CellStep& step, const CellWeights& weights) const {
  const std::size_t h = units();
  const auto new_transposed = weights.recurrent_transposed.from(0, 2 * h);
  add_state(step, weights, 2);
  if (reset_after_) {
    if (step.from_zero) {
      std::fill_n(step.extra, step.rows * h, 0.0f);
    } else {
      onednn::multiply({step.rows, h, h}, {step.h_before, h}, new_transposed, {step.extra, h},
                       precision());
    }
    open_gates(step, weights, h);
    return;
  }
  open_reset_and_update(step, weights.bias, h);
  if (!step.from_zero) {
    onednn::multiply({step.rows, h, h}, {step.extra, h}, new_transposed,
                     {step.gates + 2 * h, width(), true}, precision());
  }
  open_new(step, weights.bias, h);
}

void GruCell::backward(const CellStep& step, const CellWeights& weights,
                       const CellGradient& gradient) const {
  reset_after_ ? backward_reset_after(step, weights, gradient)
               : backward_reset_before(step, weights, gradient);
  if (gradient.wanted) return_to_state(step, weights, 2, gradient.dh, true);
}

void GruCell::backward_reset_after(const CellStep& step, const CellWeights& weights,
                                   const CellGradient& gradient) const {
  const std::size_t h = units();
  close_gates(step, gradient, h);
  if (!gradient.wanted) return;
  onednn::multiply({step.rows, h, h}, {step.extra, h}, weights.recurrent.from(2 * h, 0),
                   {gradient.dh, h, true}, precision());
}

void GruCell::backward_reset_before(const CellStep& step, const CellWeights& weights,
                                    const CellGradient& gradient) const {
  const std::size_t h = units();
  close_update_and_new(step, gradient, h);
  onednn::multiply({step.rows, h, h}, {step.gates + 2 * h, width()},
                   weights.recurrent.from(2 * h, 0), {gradient.spare, h}, precision());
  close_reset(step, gradient, h);
}

// The rows of U_n see the state only in extra, or extra only.
void GruCell::recurrent_gradient(const CellHistory& history, float* gradient, bool add) const {
  const std::size_t h = units();
  onednn::multiply({2 * h, h, history.count}, {history.gates, width(), true}, {history.h_before, h},
                   {gradient, h, add}, precision());
  const onednn::Factor by_gate{history.gates + 2 * h, width(), true},
      by_extra{history.extra, h, true};
  onednn::multiply({h, h, history.count}, reset_after_ ? by_extra : by_gate,
                   {reset_after_ ? history.h_before : history.extra, h},
                   {gradient + 2 * h * h, h, add}, precision());
}

}  // namespace lockstep::layers
