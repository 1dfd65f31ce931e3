#pragma once
/// The same vector at each step: x [N, F], y [N, n, F], y[r, t] = x[r], dx[r] = sum of dy[r, t]
/// over t.

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class RepeatVector final : public Layer {
 public:
  /// @throws ConfigError if the input is not [F].
  RepeatVector(const proto::RepeatVector& config, const TensorSpec& input, const Build& build);
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  std::size_t steps_, features_;
};

}  // namespace lockstep::layers
