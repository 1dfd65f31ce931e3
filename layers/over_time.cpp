#include "layers/over_time.hpp"

#include <algorithm>
#include <string>

#include "core/simd.hpp"
#include "layers/elementwise.hpp"
#include "layers/onednn/layout.hpp"

namespace lockstep::layers {
namespace {

LOCKSTEP_SIMD void divide(const float* x, float by, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = x[i] / by;
}

LOCKSTEP_SIMD void larger(const float* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = x[i] > y[i] ? x[i] : y[i];
}

}  // namespace

OverTime::OverTime(const char* kind, const TensorSpec& input, const Build& build) {
  if (input.shape.rank() != 2) {
    throw config_error(build, "",
                       std::string(kind) + " needs a sequence [T, F], but its input has shape " +
                           to_string(input.shape));
  }
  steps_ = static_cast<std::size_t>(input.shape[0]);
  features_ = static_cast<std::size_t>(input.shape[1]);
  output_ = onednn::plain_spec(Shape{input.shape[1]}, build.rows);
  flops_ = static_cast<double>(input.shape.size());
}

MeanOverTime::MeanOverTime(const TensorSpec& input, const Build& build)
    : OverTime("mean_over_time", input, build) {}

void MeanOverTime::forward(Lane& lane) const {
  for (std::size_t n = 0; n < lane.rows; ++n) {
    const std::size_t length = lane.length_of(n, steps_);
    const float* x = lane.x + n * steps_ * features_;
    float* y = lane.y + n * features_;
    std::fill_n(y, features_, 0.0f);
    for (std::size_t t = 0; t < length; ++t) add(y, x + t * features_, y, features_);
    if (length > 0) divide(y, static_cast<float>(length), y, features_);
  }
}

void MeanOverTime::backward(Lane& lane) const {
  if (lane.dx == nullptr) return;
  for (std::size_t n = 0; n < lane.rows; ++n) {
    const std::size_t length = lane.length_of(n, steps_);
    float* dx = lane.dx + n * steps_ * features_;
    if (length > 0) divide(lane.dy + n * features_, static_cast<float>(length), dx, features_);
    for (std::size_t t = 1; t < length; ++t) std::copy_n(dx, features_, dx + t * features_);
    std::fill(dx + length * features_, dx + steps_ * features_, 0.0f);
  }
}

MaxOverTime::MaxOverTime(const TensorSpec& input, const Build& build)
    : OverTime("max_over_time", input, build) {}

void MaxOverTime::forward(Lane& lane) const {
  for (std::size_t n = 0; n < lane.rows; ++n) {
    const std::size_t length = lane.length_of(n, steps_);
    const float* x = lane.x + n * steps_ * features_;
    float* y = lane.y + n * features_;
    if (length == 0) {
      std::fill_n(y, features_, 0.0f);
      continue;
    }
    std::copy_n(x, features_, y);
    for (std::size_t t = 1; t < length; ++t) larger(x + t * features_, y, features_);
  }
}

void MaxOverTime::backward(Lane& lane) const {
  if (lane.dx == nullptr) return;
  std::fill_n(lane.dx, lane.rows * steps_ * features_, 0.0f);
  for (std::size_t n = 0; n < lane.rows; ++n) {
    const std::size_t length = lane.length_of(n, steps_);
    for (std::size_t f = 0; f < features_; ++f) {
      const float largest = lane.y[n * features_ + f];
      for (std::size_t t = 0; t < length; ++t) {
        const std::size_t at = (n * steps_ + t) * features_ + f;
        if (lane.x[at] != largest) continue;
        lane.dx[at] = lane.dy[n * features_ + f];
        break;
      }
    }
  }
}

}  // namespace lockstep::layers
