#pragma once
/// 2-d convolution by Winograd's minimal filtering (layers/winograd.hpp): the layer of
/// layers/conv2d.hpp, about twice as fast for the 3 x 3 kernels it can do, less exact by a digit or
/// two of f32's seven.
///
/// Storage of the weight is [3, 3, C, K], in which gradients come out. pack() makes the transformed
/// weight, [36, C, K].

#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class WinogradConv2d final : public Layer {
 public:
  /// Whether `config` names WINOGRAD, or leaves the choice and the shape, the lane and the
  /// instruction set are such that this is the faster way.
  static bool chosen(const proto::Conv2d& config, const Shape& input, const Build& build);

  /// @throws ConfigError as conv2d_terms(), or if the kernel is not 3 x 3 with stride 1 and without
  /// dilation and groups, or channels and filters are no multiples of 16.
  WinogradConv2d(const proto::Conv2d& config, const TensorSpec& input, const Build& build);
  ~WinogradConv2d() override;

  void to_plain(std::size_t index, const float* storage, float* plain) const override;
  void from_plain(std::size_t index, const float* plain, float* storage) const override;
  void pack(const float* parameters, float* packed) const override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  struct Kernels;
  std::unique_ptr<const Kernels> kernels_;
};

}  // namespace lockstep::layers
