#include "layers/flatten.hpp"

#include <algorithm>
#include <utility>

#include "layers/onednn/primitive.hpp"

namespace lockstep::layers {

struct Flatten::Kernels {
  onednn::Reorder to_plain, from_plain;  // empty if the input is plain
};

Flatten::Flatten(const TensorSpec& input, const Build& build) {
  const auto desc = onednn::desc_of(input, build.rows);
  const auto plain = onednn::plain(onednn::dims_of(build.rows, input.shape));
  auto made = std::make_unique<Kernels>();
  made->to_plain = onednn::Reorder(desc, plain);
  made->from_plain = onednn::Reorder(plain, desc);
  scratch_floats_ = std::max(made->to_plain.scratch_floats(), made->from_plain.scratch_floats());
  output_ = onednn::plain_spec(Shape{static_cast<std::int64_t>(input.shape.size())}, build.rows);
  kernels_ = std::move(made);
}

Flatten::~Flatten() = default;

void Flatten::forward(Lane& lane) const {
  if (!kernels_->to_plain) {
    std::copy_n(lane.x, output_.floats, lane.y);
  } else {
    kernels_->to_plain.run(lane.x, lane.y, lane.scratch);
  }
}

void Flatten::backward(Lane& lane) const {
  if (lane.dx == nullptr) return;
  if (!kernels_->from_plain) {
    std::copy_n(lane.dy, output_.floats, lane.dx);
  } else {
    kernels_->from_plain.run(lane.dy, lane.dx, lane.scratch);
  }
}

}  // namespace lockstep::layers
