#include "layers/cross_attention.hpp"

#include <algorithm>

#include "core/float_math.hpp"
#include "core/simd.hpp"
#include "layers/build.hpp"
#include "layers/elementwise.hpp"
#include "layers/onednn/product.hpp"
#include "layers/softmax.hpp"

namespace lockstep::layers {
namespace {

ParameterInfo weight(const char* name, std::size_t out, std::size_t in) {
  ParameterInfo info;
  info.name = name;
  info.shape = {static_cast<std::int64_t>(out), static_cast<std::int64_t>(in)};
  info.storage = padded(out * in);
  info.initializer = proto::GLOROT_UNIFORM;
  info.fan_in = in;
  info.fan_out = out;
  return info;
}

LOCKSTEP_SIMD void tanh_of(float* x, std::size_t n) {
  LOCKSTEP_INDEPENDENT
  for (std::size_t i = 0; i < n; ++i) x[i] = float_tanh(x[i]);
}

// dx = dy (1 - y^2), in place
LOCKSTEP_SIMD void tanh_backward(const float* y, float* dy, std::size_t n) {
  LOCKSTEP_INDEPENDENT
  for (std::size_t i = 0; i < n; ++i) dy[i] *= 1.0f - y[i] * y[i];
}

}  // namespace

CrossAttention::CrossAttention(std::size_t units, std::size_t positions, std::size_t source_steps)
    : units_(units), source_steps_(source_steps) {
  parameters_ = {weight("weight", units, units), weight("combine_weight", units, 2 * units)};
  combine_at_ = parameters_[0].storage;
  parameter_floats_ = combine_at_ + parameters_[1].storage;
  Regions workspace, scratch;
  workspace.take(positions * units);
  probabilities_at_ = workspace.take(positions * source_steps);
  workspace_floats_ = workspace.size();
  scratch.take(positions * 2 * units);
  dq_at_ = scratch.take(positions * units);
  scores_at_ = scratch.take(positions * source_steps);
  scratch_floats_ = scratch.size();
}

double CrossAttention::flops_of_step() const noexcept {
  const auto u = static_cast<double>(units_), s = static_cast<double>(source_steps_);
  return 2 * (3 * u * u + 2 * s * u);
}

void CrossAttention::attend(const AttentionPass& pass, const AttendingRow& row) const {
  const std::size_t u = units_, s = row.source_steps;
  float* context = pass.joined + row.first * 2 * u;
  if (s == 0) {
    for (std::size_t t = 0; t < row.steps; ++t) std::fill_n(context + t * 2 * u, u, 0.0f);
    return;
  }
  const float* q = pass.workspace + row.first * u;
  const float* encoded = pass.encoded + row.source * source_steps_ * u;
  float* scores = pass.workspace + probabilities_at_ + row.first * source_steps_;
  onednn::multiply({row.steps, s, u}, {q, u}, {encoded, u, true}, {scores, s});
  softmax(scores, scores, row.steps, s);
  onednn::multiply({row.steps, u, s}, {scores, s}, {encoded, u}, {context, 2 * u});
}

void CrossAttention::forward(const AttentionPass& pass) const {
  const std::size_t u = units_;
  if (pass.steps == 0) return;
  onednn::multiply({pass.steps, u, u}, {pass.joined + u, 2 * u}, {pass.parameters, u},
                   {pass.workspace, u});
  for (const auto& row : pass.rows)
    if (row.steps > 0) attend(pass, row);
  onednn::multiply({pass.steps, u, 2 * u}, {pass.joined, 2 * u}, {pass.parameters + combine_at_, u},
                   {pass.y, u});
  tanh_of(pass.y, pass.steps * u);
}

void CrossAttention::attend_backward(const AttentionPass& pass, const AttendingRow& row,
                                     const float* djoined, float* dq, float* dencoded) const {
  const std::size_t u = units_, s = row.source_steps;
  if (s == 0) {
    std::fill_n(dq + row.first * u, row.steps * u, 0.0f);
    return;
  }
  const std::size_t source = row.source * source_steps_ * u;
  const float* dcontext = djoined + row.first * 2 * u;
  const float* probabilities = pass.workspace + probabilities_at_ + row.first * source_steps_;
  const float* encoded = pass.encoded + source;
  float* scores = pass.scratch + scores_at_;
  onednn::multiply({row.steps, s, u}, {dcontext, 2 * u}, {encoded, u, true}, {scores, s});
  softmax_backward(probabilities, scores, scores, row.steps, s);
  onednn::multiply({s, u, row.steps}, {probabilities, s, true}, {dcontext, 2 * u},
                   {dencoded + source, u, true});
  onednn::multiply({s, u, row.steps}, {scores, s, true}, {pass.workspace + row.first * u, u},
                   {dencoded + source, u, true});
  onednn::multiply({row.steps, u, s}, {scores, s}, {encoded, u}, {dq + row.first * u, u});
}

void CrossAttention::backward(const AttentionPass& pass, const AttentionGradients& g) const {
  const std::size_t u = units_, p = pass.steps;
  if (p == 0) {
    std::fill_n(g.parameters, parameter_floats_, 0.0f);
    return;
  }
  float* djoined = pass.scratch;
  float* dq = pass.scratch + dq_at_;
  const float* h = pass.joined + u;
  tanh_backward(pass.y, g.dy, p * u);
  onednn::multiply({2 * u, u, p}, {pass.joined, 2 * u, true}, {g.dy, u},
                   {g.parameters + combine_at_, u});
  onednn::multiply({p, 2 * u, u}, {g.dy, u}, {pass.parameters + combine_at_, u, true},
                   {djoined, 2 * u});
  for (const auto& row : pass.rows)
    if (row.steps > 0) attend_backward(pass, row, djoined, dq, g.dencoded);
  onednn::multiply({u, u, p}, {h, 2 * u, true}, {dq, u}, {g.parameters, u});
  for (std::size_t i = 0; i < p; ++i) std::copy_n(djoined + i * 2 * u + u, u, g.dh + i * u);
  onednn::multiply({p, u, u}, {dq, u}, {pass.parameters, u, true}, {g.dh, u, true});
}

}  // namespace lockstep::layers
