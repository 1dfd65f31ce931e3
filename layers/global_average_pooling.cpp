#include "layers/global_average_pooling.hpp"

#include <algorithm>
#include <utility>

#include "layers/onednn/factory.hpp"
#include "layers/onednn/primitive.hpp"

namespace lockstep::layers {

// One window as large as the image. The primitive keeps the input's blocked layout, so [N, C, 1, 1]
// is reordered.
struct GlobalAveragePooling::Kernels {
  onednn::Primitive forward, backward;
  onednn::Reorder to_plain, from_plain;
  std::size_t pooled_at = 0, primitive_at = 0;
};

GlobalAveragePooling::GlobalAveragePooling(const TensorSpec& input, const Build& build) {
  if (input.shape.rank() != 3) {
    throw config_error(
        build, "",
        "global_average_pooling needs images, but its input has shape " + to_string(input.shape));
  }
  const auto channels = input.shape[0];
  const dnnl::memory::dims kernel{input.shape[1], input.shape[2]};
  const onednn::Geometry geometry{{1, 1}, {0, 0}, {0, 0}, {0, 0}};
  const auto algorithm = dnnl::algorithm::pooling_avg_exclude_padding;
  const auto source = onednn::desc_of(input, build.rows);
  const auto forward = onednn::pooling_forward(
      algorithm, source, onednn::any({build.rows, channels, 1, 1}), kernel, geometry);
  const auto pooled = forward.dst_desc(), plain = onednn::plain({build.rows, channels, 1, 1});
  auto made = std::make_unique<Kernels>();
  made->forward = onednn::Primitive(forward);
  made->to_plain = onednn::Reorder(pooled, plain);
  made->from_plain = onednn::Reorder(plain, pooled);
  Regions scratch;
  if (made->to_plain) made->pooled_at = scratch.take(onednn::floats_of(pooled));
  std::size_t most = std::max({made->forward.scratch_floats(), made->to_plain.scratch_floats(),
                               made->from_plain.scratch_floats()});
  if (build.input_gradient) {
    made->backward = onednn::Primitive(
        onednn::pooling_backward(algorithm, source, pooled, kernel, geometry, forward));
    most = std::max(most, made->backward.scratch_floats());
  }
  made->primitive_at = scratch.take(most);
  scratch_floats_ = scratch.size();
  output_ = onednn::plain_spec(Shape{channels}, build.rows);
  flops_ = static_cast<double>(input.shape.size());
  kernels_ = std::move(made);
}

GlobalAveragePooling::~GlobalAveragePooling() = default;

void GlobalAveragePooling::forward(Lane& lane) const {
  const auto& k = *kernels_;
  float* scratch = lane.scratch + k.primitive_at;
  float* pooled = k.to_plain ? lane.scratch + k.pooled_at : lane.y;
  k.forward.run({{DNNL_ARG_SRC, lane.x}, {DNNL_ARG_DST, pooled}}, scratch);
  if (k.to_plain) k.to_plain.run(pooled, lane.y, scratch);
}

void GlobalAveragePooling::backward(Lane& lane) const {
  const auto& k = *kernels_;
  if (lane.dx == nullptr || !k.backward) return;
  float* scratch = lane.scratch + k.primitive_at;
  const float* dy = lane.dy;
  if (k.from_plain) {
    k.from_plain.run(lane.dy, lane.scratch + k.pooled_at, scratch);
    dy = lane.scratch + k.pooled_at;
  }
  k.backward.run({{DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, lane.dx}}, scratch);
}

}  // namespace lockstep::layers
