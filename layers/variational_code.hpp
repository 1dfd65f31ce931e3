#pragma once
/// The code of a variational autoencoder (Kingma and Welling 2014). N = rows of the lane, U =
/// units.
///   x [N, 2U] = means m, log variances v   y [N, U]
///   training  y = m + e^(v/2) e, e standard normal, keyed by (seed, step, layer, row);  else y = m
/// Its own loss, beta = kl_weight:
///   beta KL(N(m, e^v) || N(0, 1)) = beta/2 sum (m^2 + e^v - 1 - v)
///   dm = dy + beta m     dv = dy e e^(v/2) / 2 + beta (e^v - 1) / 2

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class VariationalCode final : public Layer {
 public:
  /// @throws ConfigError if the input is not [2U].
  VariationalCode(const proto::VariationalCode& config, const TensorSpec& input,
                  const Build& build);
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  std::size_t units_;
  double weight_;
  std::uint64_t number_;  // of this layer in the network
};

}  // namespace lockstep::layers
