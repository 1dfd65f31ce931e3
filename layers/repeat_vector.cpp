#include "layers/repeat_vector.hpp"

#include <algorithm>

#include "layers/elementwise.hpp"
#include "layers/onednn/layout.hpp"

namespace lockstep::layers {

RepeatVector::RepeatVector(const proto::RepeatVector& config, const TensorSpec& input,
                           const Build& build)
    : steps_(config.n()), features_(input.shape.size()) {
  if (input.shape.rank() != 1) {
    throw config_error(
        build, "", "repeat_vector needs vectors, but its input has shape " + to_string(input.shape),
        "put flatten before it");
  }
  if (steps_ == 0) throw config_error(build, "n", "a sequence has at least one step");
  output_ = onednn::plain_spec(Shape{config.n(), input.shape[0]}, build.rows);
}

void RepeatVector::forward(Lane& lane) const {
  for (std::size_t i = 0; i < lane.rows * steps_; ++i)
    std::copy_n(lane.x + i / steps_ * features_, features_, lane.y + i * features_);
}

void RepeatVector::backward(Lane& lane) const {
  if (lane.dx == nullptr) return;
  std::fill_n(lane.dx, lane.rows * features_, 0.0f);
  for (std::size_t i = 0; i < lane.rows * steps_; ++i) {
    float* dx = lane.dx + i / steps_ * features_;
    add(dx, lane.dy + i * features_, dx, features_);
  }
}

}  // namespace lockstep::layers
