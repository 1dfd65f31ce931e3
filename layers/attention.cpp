#include "layers/attention.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "layers/elementwise.hpp"
#include "layers/onednn/layout.hpp"
#include "layers/onednn/product.hpp"
#include "layers/softmax.hpp"

namespace lockstep::layers {
namespace {

// y [rows, out] = x [rows, in] w [in, out] + bias
struct Projection {
  std::size_t rows, in, out;
};
void project(const Projection& p, const float* x, const float* weight, const float* bias,
             float* y) {
  for (std::size_t i = 0; bias != nullptr && i < p.rows; ++i)
    std::copy_n(bias, p.out, y + i * p.out);
  onednn::multiply({p.rows, p.out, p.in}, {x, p.in}, {weight, p.out}, {y, p.out, bias != nullptr});
}

void project_backward(const Projection& p, const float* x, const float* dy, float* dweight,
                      float* dbias) {
  onednn::multiply({p.in, p.out, p.rows}, {x, p.in, true}, {dy, p.out}, {dweight, p.out});
  if (dbias == nullptr) return;
  std::fill_n(dbias, p.out, 0.0f);
  for (std::size_t i = 0; i < p.rows; ++i) add(dbias, dy + i * p.out, dbias, p.out);
}

}  // namespace

Attention::Attention(const proto::Attention& config, const TensorSpec& input, const Build& build)
    : rows_(static_cast<std::size_t>(build.rows)),
      heads_(config.heads()),
      causal_(config.causal()),
      bias_(config.use_bias()) {
  if (input.shape.rank() != 2) {
    throw config_error(
        build, "",
        "attention needs a sequence [T, F], but its input has shape " + to_string(input.shape),
        "a reshape layer, a windows stage or an embedding makes sequences");
  }
  steps_ = static_cast<std::size_t>(input.shape[0]);
  features_ = static_cast<std::size_t>(input.shape[1]);
  if (heads_ == 0) throw config_error(build, "heads", "attention needs at least one head");
  if (!config.has_key_size() && features_ % heads_ != 0) {
    throw config_error(
        build, "heads",
        std::to_string(heads_) + " heads do not divide " + std::to_string(features_) + " features",
        "give key_size, the numbers of a head");
  }
  size_ = config.has_key_size() ? config.key_size() : features_ / heads_;
  width_ = heads_ * size_;
  output_ = input;
  Regions workspace, scratch;
  projected_at_ = workspace.take(rows_ * steps_ * 3 * width_);
  context_at_ = workspace.take(rows_ * steps_ * width_);
  probabilities_at_ = workspace.take(rows_ * heads_ * steps_ * steps_);
  dprojected_at_ = scratch.take(rows_ * steps_ * 3 * width_);
  dcontext_at_ = scratch.take(rows_ * steps_ * width_);
  scores_at_ = scratch.take(steps_ * steps_);
  workspace_floats_ = workspace.size();
  scratch_floats_ = scratch.size();
  flops_ =
      2.0 * static_cast<double>(steps_) *
      (4.0 * static_cast<double>(features_ * width_) + 2.0 * static_cast<double>(steps_ * width_));
  place_parameters(features_);
}

void Attention::place_parameters(std::size_t features) {
  const auto weight = [](const char* name, std::size_t out, std::size_t in) {
    ParameterInfo info;
    info.name = name;
    info.shape = {static_cast<std::int64_t>(out), static_cast<std::int64_t>(in)};
    info.storage = padded(out * in);
    info.initializer = proto::GLOROT_UNIFORM;
    info.fan_in = in;
    info.fan_out = out;
    return info;
  };
  const auto bias = [](const char* name, std::size_t size) {
    ParameterInfo info;
    info.name = name;
    info.shape = {static_cast<std::int64_t>(size)};
    info.storage = padded(size);
    return info;
  };
  parameters_.push_back(weight("in_proj_weight", 3 * width_, features));
  if (bias_) parameters_.push_back(bias("in_proj_bias", 3 * width_));
  parameters_.push_back(weight("out_proj.weight", features, width_));
  if (bias_) parameters_.push_back(bias("out_proj.bias", features));
}

std::size_t Attention::offset_of(std::size_t parameter) const {
  std::size_t offset = 0;
  for (std::size_t i = 0; i < parameter; ++i) offset += parameters_[i].storage;
  return offset;
}

void Attention::to_plain(std::size_t index, const float* storage, float* plain) const {
  if (!is_weight(index)) return Layer::to_plain(index, storage, plain);
  const auto out = static_cast<std::size_t>(parameters_[index].shape[0]);
  const auto in = static_cast<std::size_t>(parameters_[index].shape[1]);
  transpose(storage, in, out, plain);
}

void Attention::from_plain(std::size_t index, const float* plain, float* storage) const {
  if (!is_weight(index)) return Layer::from_plain(index, plain, storage);
  const auto out = static_cast<std::size_t>(parameters_[index].shape[0]);
  const auto in = static_cast<std::size_t>(parameters_[index].shape[1]);
  std::fill_n(storage, parameters_[index].storage, 0.0f);
  transpose(plain, out, in, storage);
}

Attention::Head Attention::head_of(const Lane& lane, std::size_t row, std::size_t head) const {
  return {lane.length_of(row, steps_), row * steps_ * 3 * width_ + head * size_,
          row * steps_ * width_ + head * size_, (row * heads_ + head) * steps_ * steps_};
}

void Attention::attend(const Lane& lane, const Head& head, float* scores) const {
  const std::size_t n = head.length;
  const float* q = lane.workspace + projected_at_ + head.projected;
  const float* k = q + width_;
  const float* v = k + width_;
  float* probabilities = lane.workspace + probabilities_at_ + head.probabilities;
  onednn::multiply({n, n, size_}, {q, 3 * width_}, {k, 3 * width_, true}, {scores, n});
  const float scale = 1 / std::sqrt(static_cast<float>(size_));
  for (std::size_t i = 0; i < n * n; ++i) scores[i] *= scale;
  for (std::size_t t = 0; t < n; ++t) {
    const std::size_t seen = causal_ ? t + 1 : n;
    softmax(scores + t * n, probabilities + t * n, 1, seen);
    std::fill(probabilities + t * n + seen, probabilities + (t + 1) * n, 0.0f);
  }
  onednn::multiply({n, size_, n}, {probabilities, n}, {v, 3 * width_},
                   {lane.workspace + context_at_ + head.context, width_});
}

void Attention::forward(Lane& lane) const {
  const std::size_t all = rows_ * steps_;
  const std::size_t out = offset_of(bias_ ? 2 : 1);
  const float* in_bias = bias_ ? lane.parameters + offset_of(1) : nullptr;
  const float* out_bias = bias_ ? lane.parameters + offset_of(3) : nullptr;
  project({all, features_, 3 * width_}, lane.x, lane.parameters, in_bias,
          lane.workspace + projected_at_);
  std::fill_n(lane.workspace + context_at_, all * width_, 0.0f);
  for (std::size_t row = 0; row < rows_; ++row) {
    for (std::size_t h = 0; h < heads_; ++h) {
      const Head head = head_of(lane, row, h);
      if (head.length > 0) attend(lane, head, lane.scratch + scores_at_);
    }
  }
  project({all, width_, features_}, lane.workspace + context_at_, lane.parameters + out, out_bias,
          lane.y);
}

void Attention::attend_backward(const Lane& lane, const Head& head, const float* dcontext,
                                float* dprojected) const {
  const std::size_t n = head.length, stride = 3 * width_;
  const float* q = lane.workspace + projected_at_ + head.projected;
  const float* k = q + width_;
  const float* v = k + width_;
  const float* probabilities = lane.workspace + probabilities_at_ + head.probabilities;
  float* scores = lane.scratch + scores_at_;
  float* dq = dprojected + head.projected;
  float* dk = dq + width_;
  float* dv = dk + width_;
  const float* dc = dcontext + head.context;
  onednn::multiply({n, size_, n}, {probabilities, n, true}, {dc, width_}, {dv, stride});
  onednn::multiply({n, n, size_}, {dc, width_}, {v, stride, true}, {scores, n});
  softmax_backward(probabilities, scores, scores, n, n);  // hidden steps have probability 0
  const float scale = 1 / std::sqrt(static_cast<float>(size_));
  for (std::size_t i = 0; i < n * n; ++i) scores[i] *= scale;
  onednn::multiply({n, size_, n}, {scores, n}, {k, stride}, {dq, stride});
  onednn::multiply({n, size_, n}, {scores, n, true}, {q, stride}, {dk, stride});
}

void Attention::backward(Lane& lane) const {
  const std::size_t all = rows_ * steps_;
  const std::size_t out = offset_of(bias_ ? 2 : 1);
  float* dprojected = lane.scratch + dprojected_at_;
  float* dcontext = lane.scratch + dcontext_at_;
  project_backward({all, width_, features_}, lane.workspace + context_at_, lane.dy,
                   lane.gradients + out, bias_ ? lane.gradients + offset_of(3) : nullptr);
  onednn::multiply({all, width_, features_}, {lane.dy, features_},
                   {lane.parameters + out, features_, true}, {dcontext, width_});
  std::fill_n(dprojected, all * 3 * width_, 0.0f);
  for (std::size_t row = 0; row < rows_; ++row) {
    for (std::size_t h = 0; h < heads_; ++h) {
      const Head head = head_of(lane, row, h);
      if (head.length > 0) attend_backward(lane, head, dcontext, dprojected);
    }
  }
  project_backward({all, features_, 3 * width_}, lane.x, dprojected, lane.gradients,
                   bias_ ? lane.gradients + offset_of(1) : nullptr);
  if (lane.dx == nullptr) return;
  onednn::multiply({all, features_, 3 * width_}, {dprojected, 3 * width_},
                   {lane.parameters, 3 * width_, true}, {lane.dx, features_});
}

}  // namespace lockstep::layers
