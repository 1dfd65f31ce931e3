#include "layers/pooling.hpp"

#include <algorithm>
#include <utility>

#include "layers/onednn/factory.hpp"
#include "layers/onednn/primitive.hpp"

namespace lockstep::layers {

struct Pooling::Kernels {
  onednn::Primitive forward, backward;
  bool remembers = false;  // max pooling keeps in its workspace which element was the largest
};

namespace {

dnnl::memory::dims dims_of(const Window::Pair& pair) { return {pair[0], pair[1]}; }

}  // namespace

Pooling::Pooling(Kind kind, const WindowConfig& config, const TensorSpec& input,
                 const Build& build) {
  if (input.shape.rank() != 3) {
    throw config_error(build, "",
                       "pooling needs images, but its input has shape " + to_string(input.shape));
  }
  const Window window = make_window(config, input.shape[1], input.shape[2], build);
  const onednn::Geometry geometry{
      dims_of(window.strides), {0, 0}, dims_of(window.pad_begin), dims_of(window.pad_end)};
  const Shape shape{input.shape[0], window.output[0], window.output[1]};
  const auto algorithm = kind == Kind::Max ? dnnl::algorithm::pooling_max
                                           : dnnl::algorithm::pooling_avg_exclude_padding;
  const auto source = onednn::desc_of(input, build.rows);
  const auto forward =
      onednn::pooling_forward(algorithm, source, onednn::any(onednn::dims_of(build.rows, shape)),
                              dims_of(window.kernel), geometry);
  auto made = std::make_unique<Kernels>();
  made->forward = onednn::Primitive(forward);
  made->remembers = kind == Kind::Max;
  workspace_floats_ = onednn::floats_of(forward.workspace_desc());
  scratch_floats_ = made->forward.scratch_floats();
  if (build.input_gradient) {
    made->backward = onednn::Primitive(onednn::pooling_backward(
        algorithm, source, forward.dst_desc(), dims_of(window.kernel), geometry, forward));
    scratch_floats_ = std::max(scratch_floats_, made->backward.scratch_floats());
  }
  output_ = onednn::make_spec(shape, forward.dst_desc(), build.rows);
  flops_ =
      static_cast<double>(shape.size()) * static_cast<double>(window.kernel[0] * window.kernel[1]);
  kernels_ = std::move(made);
}

Pooling::~Pooling() = default;

void Pooling::forward(Lane& lane) const {
  const auto& k = *kernels_;
  if (k.remembers) {
    k.forward.run(
        {{DNNL_ARG_SRC, lane.x}, {DNNL_ARG_DST, lane.y}, {DNNL_ARG_WORKSPACE, lane.workspace}},
        lane.scratch);
  } else {
    k.forward.run({{DNNL_ARG_SRC, lane.x}, {DNNL_ARG_DST, lane.y}}, lane.scratch);
  }
}

void Pooling::backward(Lane& lane) const {
  const auto& k = *kernels_;
  if (lane.dx == nullptr || !k.backward) return;
  if (k.remembers) {
    k.backward.run({{DNNL_ARG_DIFF_DST, lane.dy},
                    {DNNL_ARG_DIFF_SRC, lane.dx},
                    {DNNL_ARG_WORKSPACE, lane.workspace}},
                   lane.scratch);
  } else {
    k.backward.run({{DNNL_ARG_DIFF_DST, lane.dy}, {DNNL_ARG_DIFF_SRC, lane.dx}}, lane.scratch);
  }
}

}  // namespace lockstep::layers
