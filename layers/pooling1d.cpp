#include "layers/pooling1d.hpp"

#include <algorithm>

#include "layers/onednn/layout.hpp"

namespace lockstep::layers {

Pooling1d::Pooling1d(Kind kind, const TimeWindow& window, const TensorSpec& input,
                     const Build& build)
    : kind_(kind), window_(window) {
  check_window(window, input.shape, build);
  steps_ = static_cast<std::size_t>(input.shape[0]);
  features_ = static_cast<std::size_t>(input.shape[1]);
  outputs_ = static_cast<std::size_t>(window.outputs(input.shape[0]));
  output_ =
      onednn::plain_spec(Shape{static_cast<std::int64_t>(outputs_), input.shape[1]}, build.rows);
  output_.masked = input.masked;
  flops_ = static_cast<double>(output_.shape.size()) * static_cast<double>(window.kernel);
}

void Pooling1d::output_lengths(const Lane& lane, std::int32_t* lengths) const {
  window_.output_lengths(lane, lengths);
}

Pooling1d::Steps Pooling1d::steps_of(std::size_t window, std::size_t length) const {
  const auto first = window_.input(static_cast<std::int64_t>(window), 0);
  const auto begin = static_cast<std::size_t>(std::max<std::int64_t>(first, 0));
  const auto last = static_cast<std::size_t>(std::max<std::int64_t>(first + window_.kernel, 0));
  return {std::min(begin, length), std::min(last, length)};
}

void Pooling1d::forward(Lane& lane) const {
  for (std::size_t n = 0; n < lane.rows; ++n) {
    const std::size_t length = lane.length_of(n, steps_);
    for (std::size_t t = 0; t < outputs_; ++t) {
      const auto [begin, end] = steps_of(t, length);
      float* y = lane.y + (n * outputs_ + t) * features_;
      std::fill_n(y, features_, 0.0f);
      for (std::size_t s = begin; s < end; ++s) {
        const float* x = lane.x + (n * steps_ + s) * features_;
        for (std::size_t f = 0; f < features_; ++f) {
          if (kind_ == Kind::Average) {
            y[f] += x[f];
          } else if (s == begin || x[f] > y[f]) {
            y[f] = x[f];
          }
        }
      }
      if (kind_ == Kind::Max || end == begin) continue;
      for (std::size_t f = 0; f < features_; ++f) y[f] /= static_cast<float>(end - begin);
    }
  }
}

void Pooling1d::backward(Lane& lane) const {
  if (lane.dx == nullptr) return;
  std::fill_n(lane.dx, lane.rows * steps_ * features_, 0.0f);
  for (std::size_t n = 0; n < lane.rows; ++n) {
    const std::size_t length = lane.length_of(n, steps_);
    for (std::size_t t = 0; t < outputs_; ++t) {
      const auto [begin, end] = steps_of(t, length);
      const float* y = lane.y + (n * outputs_ + t) * features_;
      const float* dy = lane.dy + (n * outputs_ + t) * features_;
      for (std::size_t f = 0; f < features_; ++f) {
        for (std::size_t s = begin; s < end; ++s) {
          const std::size_t at = (n * steps_ + s) * features_ + f;
          if (kind_ == Kind::Average) {
            lane.dx[at] += dy[f] / static_cast<float>(end - begin);
          } else if (lane.x[at] == y[f]) {
            lane.dx[at] += dy[f];
            break;
          }
        }
      }
    }
  }
}

}  // namespace lockstep::layers
