#pragma once
/// Finds where rows end: steps at the end of a row whose numbers all are mask_value are padding.
///   x [N, T, F]   y [N, T, F] = x, masked; dx = dy
/// Padding within a row is data.

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class Masking final : public Layer {
 public:
  /// @throws ConfigError if the input is not [N, T, F].
  Masking(const proto::Masking& config, const TensorSpec& input, const Build& build);
  /// Reads lane.x, and lane.lengths if the input is masked itself.
  void output_lengths(const Lane& lane, std::int32_t* lengths) const override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  float value_;
};

}  // namespace lockstep::layers
