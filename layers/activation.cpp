#include "layers/activation.hpp"

#include <algorithm>
#include <utility>

#include "layers/activation_kernel.hpp"

namespace lockstep::layers {

struct Activation::Kernels {
  ActivationKernel function;
  onednn::Reorder to_plain, from_plain;  // of the softmaxes of a blocked input
  std::size_t temporary_at = 0, primitive_at = 0;
};

Activation::Activation(const proto::ActivationLayer& config, const TensorSpec& input,
                       const Build& build) {
  const auto kind = config.kind();
  auto made = std::make_unique<Kernels>();
  const auto desc = onednn::desc_of(input, build.rows);
  auto inner = desc;
  Regions scratch;
  if (is_softmax(kind)) {
    inner = onednn::plain(onednn::dims_of(build.rows, input.shape));
    if (input.shape.rank() == 2)  // of a sequence, each step; it is plain already
      inner = onednn::plain({build.rows * input.shape[0], input.shape[1]});
    else
      made->to_plain = onednn::Reorder(desc, inner);
    if (input.shape.rank() != 2) made->from_plain = onednn::Reorder(inner, desc);
    if (made->to_plain) made->temporary_at = scratch.take(onednn::floats_of(inner));
  }
  const double alpha = config.has_alpha() ? config.alpha() : default_alpha(kind);
  made->function = ActivationKernel(kind, alpha, inner);
  made->primitive_at =
      scratch.take(std::max({made->function.scratch_floats(), made->to_plain.scratch_floats(),
                             made->from_plain.scratch_floats()}));
  scratch_floats_ = scratch.size();
  output_ = input.shape.rank() == 2 ? input : onednn::make_spec(input.shape, inner, build.rows);
  output_.masked = input.masked;
  flops_ = static_cast<double>(input.shape.size());
  kernels_ = std::move(made);
}

Activation::~Activation() = default;

void Activation::forward(Lane& lane) const {
  const auto& k = *kernels_;
  float* scratch = lane.scratch + k.primitive_at;
  if (!k.function) {
    std::copy_n(lane.x, output_.floats, lane.y);
    return;
  }
  const float* x = lane.x;
  if (k.to_plain) {
    k.to_plain.run(lane.x, lane.y, scratch);  // the softmaxes work in place
    x = lane.y;
  }
  k.function.forward(x, lane.y, scratch);
}

void Activation::backward(Lane& lane) const {
  if (lane.dx == nullptr) return;
  const auto& k = *kernels_;
  float* scratch = lane.scratch + k.primitive_at;
  if (!k.function) {
    std::copy_n(lane.dy, output_.floats, lane.dx);
    return;
  }
  float* dx = k.from_plain ? lane.scratch + k.temporary_at : lane.dx;
  k.function.backward(k.function.needs_input() ? lane.x : lane.y, lane.dy, dx, scratch);
  if (k.from_plain) k.from_plain.run(dx, lane.dx, scratch);
}

}  // namespace lockstep::layers
