#include "layers/up_sampling2d.hpp"

#include <algorithm>
#include <utility>

#include "layers/elementwise.hpp"
#include "layers/onednn/primitive.hpp"

namespace lockstep::layers {

struct UpSampling2d::Kernels {
  onednn::Reorder to_plain, from_plain;
  std::size_t lines = 0, width = 0;                         // N C H lines of W pixels
  std::size_t down = 2, right = 2;                          // sizes of a block
  std::size_t plain_at = 0, line_at = 0, primitive_at = 0;  // in the scratch memory
};

UpSampling2d::UpSampling2d(const proto::UpSampling2d& config, const TensorSpec& input,
                           const Build& build) {
  if (input.shape.rank() != 3) {
    throw config_error(
        build, "", "up_sampling2d needs images, but its input has shape " + to_string(input.shape),
        "a reshape layer makes images");
  }
  auto made = std::make_unique<Kernels>();
  auto& k = *made;
  if (config.size_size() > 2) throw config_error(build, "size", "size takes one or two numbers");
  if (config.size_size() > 0) {
    k.down = config.size(0);
    k.right = config.size(config.size_size() - 1);
  }
  if (k.down == 0 || k.right == 0) throw config_error(build, "size", "size must be at least 1");
  k.lines = static_cast<std::size_t>(build.rows * input.shape[0] * input.shape[1]);
  k.width = static_cast<std::size_t>(input.shape[2]);
  const auto desc = onednn::desc_of(input, build.rows);
  const auto plain = onednn::plain(onednn::dims_of(build.rows, input.shape));
  k.to_plain = onednn::Reorder(desc, plain);
  k.from_plain = onednn::Reorder(plain, desc);
  Regions scratch;
  if (k.to_plain) k.plain_at = scratch.take(k.lines * k.width);
  k.line_at = scratch.take(k.width * k.right);
  k.primitive_at =
      scratch.take(std::max(k.to_plain.scratch_floats(), k.from_plain.scratch_floats()));
  scratch_floats_ = scratch.size();
  output_ =
      onednn::plain_spec(Shape{input.shape[0], input.shape[1] * static_cast<std::int64_t>(k.down),
                               input.shape[2] * static_cast<std::int64_t>(k.right)},
                         build.rows);
  flops_ = static_cast<double>(output_.shape.size());
  kernels_ = std::move(made);
}

UpSampling2d::~UpSampling2d() = default;

void UpSampling2d::forward(Lane& lane) const {
  const auto& k = *kernels_;
  const float* x = lane.x;
  if (k.to_plain) {
    k.to_plain.run(lane.x, lane.scratch + k.plain_at, lane.scratch + k.primitive_at);
    x = lane.scratch + k.plain_at;
  }
  const std::size_t wide = k.width * k.right;
  for (std::size_t line = 0; line < k.lines; ++line) {
    float* y = lane.y + line * k.down * wide;
    for (std::size_t j = 0; j < wide; ++j) y[j] = x[line * k.width + j / k.right];
    for (std::size_t i = 1; i < k.down; ++i) std::copy_n(y, wide, y + i * wide);
  }
}

void UpSampling2d::backward(Lane& lane) const {
  if (lane.dx == nullptr) return;
  const auto& k = *kernels_;
  float* dx = k.from_plain ? lane.scratch + k.plain_at : lane.dx;
  float* sums = lane.scratch + k.line_at;
  const std::size_t wide = k.width * k.right;
  for (std::size_t line = 0; line < k.lines; ++line) {
    const float* dy = lane.dy + line * k.down * wide;
    std::copy_n(dy, wide, sums);
    for (std::size_t i = 1; i < k.down; ++i) add(sums, dy + i * wide, sums, wide);
    for (std::size_t j = 0; j < k.width; ++j) {
      float sum = 0;
      for (std::size_t i = 0; i < k.right; ++i) sum += sums[j * k.right + i];
      dx[line * k.width + j] = sum;
    }
  }
  if (k.from_plain) k.from_plain.run(dx, lane.dx, lane.scratch + k.primitive_at);
}

}  // namespace lockstep::layers
