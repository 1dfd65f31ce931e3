#include "layers/dropout.hpp"

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "core/random.hpp"
#include "layers/dropout_mask.hpp"
#include "layers/elementwise.hpp"
#include "layers/onednn/primitive.hpp"
#include "layers/row_numbers.hpp"

namespace lockstep::layers {

struct Dropout::Kernels {
  explicit Kernels(const Shape& shape) : numbers(shape) {}

  RowNumbers numbers;
  onednn::Reorder mask_reorder;  // from plain to the layout of x
  std::size_t rows = 0, features = 0;
  std::uint64_t number = 0;  // of this layer in the network
  DropoutRate rate{0};
  std::size_t plain_at = 0, primitive_at = 0;  // in the scratch memory
};

Dropout::Dropout(const proto::Dropout& config, const TensorSpec& input, const Build& build) {
  const auto desc = onednn::desc_of(input, build.rows);
  auto made = std::make_unique<Kernels>(input.shape);
  auto& k = *made;
  k.mask_reorder = onednn::Reorder(onednn::plain(onednn::dims_of(build.rows, input.shape)), desc);
  k.rows = static_cast<std::size_t>(build.rows);
  k.features = input.shape.size();
  k.number = (*build.counter)++;
  k.rate = DropoutRate(config.rate());
  Regions scratch;
  if (k.mask_reorder) {
    k.plain_at = scratch.take(k.rows * k.features);
    k.primitive_at = scratch.take(k.mask_reorder.scratch_floats());
  }
  output_ = input;
  workspace_floats_ = output_.floats;  // the mask
  scratch_floats_ = scratch.size();
  flops_ = static_cast<double>(k.features);
  kernels_ = std::move(made);
}

Dropout::~Dropout() = default;

void Dropout::forward(Lane& lane) const {
  const auto& k = *kernels_;
  if (!lane.training) {
    std::copy_n(lane.x, output_.floats, lane.y);
    return;
  }
  expects(lane.row_ids.size() == k.rows, "dropout knows the identity of each row");
  const Random random(lane.seed, Purpose::Dropout, stream_of(lane.step, k.number));
  float* plain = k.mask_reorder ? lane.scratch + k.plain_at : lane.workspace;
  for (std::size_t n = 0; n < k.rows; ++n) {
    draw_mask(random, k.numbers.first(lane.row_ids[n]), k.features, k.rate, plain + n * k.features);
  }
  if (k.mask_reorder) k.mask_reorder.run(plain, lane.workspace, lane.scratch + k.primitive_at);
  multiply(lane.x, lane.workspace, lane.y, output_.floats);
}

void Dropout::backward(Lane& lane) const {
  if (lane.dx != nullptr) multiply(lane.dy, lane.workspace, lane.dx, output_.floats);
}

}  // namespace lockstep::layers
