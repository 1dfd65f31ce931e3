#pragma once
/// 1-d convolution over time with optional activation f. N = rows of the lane, G = groups, K =
/// kernel size; windows as in layers/time_window.hpp.
///   x [N, T, F]   weight [O, F/G, K]   bias [O]   y [N, T', O]
///   y[n, t, o] = f(b[o] + sum over c, u of W[o, c, u] x[n, t s - p + u d, c])
/// As a product: the windows of all steps as rows [N T', K F/G], times the weights, a group at a
/// time. Storage of the weight: [G, K, F/G, O/G], the right factor of that product.
///   dW = windows^T dz,  db = sum of dz over rows and steps,  dx = dz W^T, added where windows
///   overlap

#include <memory>

#include "layers/activation_kernel.hpp"
#include "layers/time_window.hpp"

namespace lockstep::layers {

class Conv1d final : public Layer {
 public:
  /// @throws ConfigError if the input is no sequence, the window does not fit, or the groups do not
  /// divide the features.
  Conv1d(const proto::Conv1d& config, const TensorSpec& input, const Build& build);
  ~Conv1d() override;
  void to_plain(std::size_t index, const float* storage, float* plain) const override;
  void from_plain(std::size_t index, const float* plain, float* storage) const override;
  void output_lengths(const Lane& lane, std::int32_t* lengths) const override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  void place_parameters(const proto::Conv1d& config, const Build& build);
  void gather(const float* x, std::size_t group, float* windows) const;
  void scatter(const float* windows, std::size_t group, float* dx) const;
  std::size_t plain_index(std::size_t group, std::size_t tap, std::size_t channel,
                          std::size_t filter) const;

  TimeWindow window_;
  std::size_t rows_, steps_, features_, filters_, outputs_, groups_, kernel_;
  std::size_t channels_, filters_a_group_, window_floats_;  // of a group
  bool bias_;
  proto::Precision precision_;
  std::unique_ptr<const ActivationKernel> activation_;
  std::size_t windows_at_ = 0, primitive_at_ = 0;  // in the scratch memory
  std::size_t z_at_ = 0;                           // in the workspace
};

}  // namespace lockstep::layers
