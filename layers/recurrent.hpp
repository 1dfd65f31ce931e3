#pragma once
/// What simple_rnn, lstm and gru have in common: recurrences stacked, in one or both directions.
/// N = rows, T = steps, F = features, H = units, D = directions.
///   x [N, T, F], or [N, F]: one step     y [N, D H], the last states, or [N, T, D H], all of them
/// Layer l > 0 reads all states of layer l - 1, of both directions side by side, in training with
/// dropout. The backward direction starts at a row's last step; its last state is that at the
/// first. The state of a row without steps is zero.
///   parameters: weight_ih_l0 [G H, F], weight_hh_l0 [G H, H], bias_l0 [G H]; then
///   ..._l0_reverse, ..._l1, where F is D H.
/// Lane::states: where they begin, one direction, and where they end, of every level.
/// Dropout is a function of (seed, step, layer number, row id, time, unit) alone.

#include <functional>
#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"
#include "layers/recurrent_cell.hpp"

namespace lockstep::layers {

struct RecurrentOptions {
  std::size_t units = 0, num_layers = 1;
  bool bidirectional = false, return_sequences = false;
  double dropout = 0;
  std::function<std::unique_ptr<const RecurrentCell>(proto::Precision)> make_cell;
};

/// The fields that SimpleRnn, Lstm and Gru share.
template <typename Config>
RecurrentOptions recurrent_options(const Config& config) {
  return {config.units(),         config.num_layers(),
          config.bidirectional(), config.return_sequences(),
          config.dropout(),       {}};
}

class Recurrent : public Layer {
 public:
  ~Recurrent() override;
  void pack(const float* parameters, float* packed) const override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 protected:
  /// @throws ConfigError if units is 0, the input is an image, or there is dropout but one layer.
  Recurrent(const RecurrentOptions& options, const TensorSpec& input, const Build& build);

 private:
  struct Level;
  struct Kernels;
  std::unique_ptr<const Kernels> kernels_;
};

}  // namespace lockstep::layers
