#include "layers/layer.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace lockstep::layers {
namespace {

std::size_t numbers(const ParameterInfo& info) {
  std::size_t product = 1;
  for (const auto d : info.shape) product *= static_cast<std::size_t>(d);
  return product;
}

}  // namespace

void Layer::to_plain(std::size_t index, const float* storage, float* plain) const {
  std::copy_n(storage, numbers(parameters_.at(index)), plain);
}

void Layer::from_plain(std::size_t index, const float* plain, float* storage) const {
  const auto& info = parameters_.at(index);
  const auto count = numbers(info);
  std::copy_n(plain, count, storage);
  std::fill(storage + count, storage + info.storage, 0.0f);
}

void Layer::output_lengths(const Lane& lane, std::int32_t* lengths) const {
  expects(lane.lengths != nullptr, "a layer that keeps time has a masked input");
  std::copy_n(lane.lengths, lane.rows, lengths);
}

}  // namespace lockstep::layers
