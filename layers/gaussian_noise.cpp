#include "layers/gaussian_noise.hpp"

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "core/random.hpp"
#include "layers/elementwise.hpp"
#include "layers/onednn/primitive.hpp"
#include "layers/row_numbers.hpp"

namespace lockstep::layers {

struct GaussianNoise::Kernels {
  explicit Kernels(const Shape& shape) : numbers(shape) {}

  RowNumbers numbers;
  onednn::Reorder reorder;  // of the noise, from plain to the layout of x
  std::size_t features = 0;
  std::uint64_t number = 0;  // of this layer in the network
  double deviation = 0;
  std::size_t plain_at = 0, noise_at = 0, primitive_at = 0;  // in the scratch memory
};

GaussianNoise::GaussianNoise(const proto::GaussianNoise& config, const TensorSpec& input,
                             const Build& build) {
  const auto desc = onednn::desc_of(input, build.rows);
  auto made = std::make_unique<Kernels>(input.shape);
  auto& k = *made;
  k.reorder = onednn::Reorder(onednn::plain(onednn::dims_of(build.rows, input.shape)), desc);
  k.features = input.shape.size();
  k.number = (*build.counter)++;
  k.deviation = config.deviation();
  Regions scratch;
  k.plain_at = scratch.take(static_cast<std::size_t>(build.rows) * k.features);
  k.noise_at = k.reorder ? scratch.take(input.floats) : k.plain_at;
  k.primitive_at = scratch.take(k.reorder.scratch_floats());
  scratch_floats_ = scratch.size();
  output_ = input;
  flops_ = static_cast<double>(k.features);
  kernels_ = std::move(made);
}

GaussianNoise::~GaussianNoise() = default;

void GaussianNoise::forward(Lane& lane) const {
  const auto& k = *kernels_;
  if (!lane.training || k.deviation == 0) {
    std::copy_n(lane.x, output_.floats, lane.y);
    return;
  }
  expects(lane.row_ids.size() == lane.rows, "noise knows the identity of each row");
  const Random random(lane.seed, Purpose::Noise, stream_of(lane.step, k.number));
  float* plain = lane.scratch + k.plain_at;
  for (std::size_t n = 0; n < lane.rows; ++n) {
    const std::uint64_t first = k.numbers.first(lane.row_ids[n]);
    for (std::size_t j = 0; j < k.features; ++j)
      plain[n * k.features + j] = static_cast<float>(k.deviation * random.normal(first + j));
  }
  float* noise = lane.scratch + k.noise_at;
  if (k.reorder) k.reorder.run(plain, noise, lane.scratch + k.primitive_at);
  add(lane.x, noise, lane.y, output_.floats);
}

void GaussianNoise::backward(Lane& lane) const {
  if (lane.dx != nullptr) std::copy_n(lane.dy, output_.floats, lane.dx);
}

}  // namespace lockstep::layers
