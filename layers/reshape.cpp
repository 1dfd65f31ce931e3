#include "layers/reshape.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "layers/onednn/primitive.hpp"

namespace lockstep::layers {

struct Reshape::Kernels {
  onednn::Reorder to_plain, from_plain;  // empty if the input is plain
};

namespace {

Shape checked(const proto::Reshape& config, const Shape& input, const Build& build) {
  const Shape shape(std::vector<std::int64_t>(config.shape().begin(), config.shape().end()));
  if (shape.rank() < 1 || shape.rank() > 3) {
    throw config_error(build, "shape", "a row has one, two or three dimensions",
                       "[F], [T, F] or [C, H, W]");
  }
  if (shape.size() != input.size()) {
    throw config_error(build, "shape",
                       to_string(shape) + " are " + std::to_string(shape.size()) +
                           " numbers, the input " + to_string(input) + " has " +
                           std::to_string(input.size()));
  }
  return shape;
}

}  // namespace

Reshape::Reshape(const proto::Reshape& config, const TensorSpec& input, const Build& build)
    : Reshape(checked(config, input.shape, build), input, build) {}

Reshape::Reshape(const Shape& shape, const TensorSpec& input, const Build& build) {
  const auto desc = onednn::desc_of(input, build.rows);
  const auto plain = onednn::plain(onednn::dims_of(build.rows, input.shape));
  auto made = std::make_unique<Kernels>();
  made->to_plain = onednn::Reorder(desc, plain);
  made->from_plain = onednn::Reorder(plain, desc);
  scratch_floats_ = std::max(made->to_plain.scratch_floats(), made->from_plain.scratch_floats());
  output_ = onednn::plain_spec(shape, build.rows);
  kernels_ = std::move(made);
}

Reshape::~Reshape() = default;

void Reshape::forward(Lane& lane) const {
  if (!kernels_->to_plain) {
    std::copy_n(lane.x, output_.floats, lane.y);
  } else {
    kernels_->to_plain.run(lane.x, lane.y, lane.scratch);
  }
}

void Reshape::backward(Lane& lane) const {
  if (lane.dx == nullptr) return;
  if (!kernels_->from_plain) {
    std::copy_n(lane.dy, output_.floats, lane.dx);
  } else {
    kernels_->from_plain.run(lane.dy, lane.dx, lane.scratch);
  }
}

}  // namespace lockstep::layers
