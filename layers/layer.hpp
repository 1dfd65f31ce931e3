#pragma once
/// A layer of a network, compiled for a fixed number of rows: local, sequential, MPI-free.
///
/// A layer object is immutable after construction and shared by all threads of a rank; everything
/// that changes during a pass lies in the Lane it is given. The same lane gives the same bits on
/// any thread.
///
/// Parameters live in one flat float vector per network. In which order and padding a layer stores
/// its own part is the layer's business ("storage": usually the layout its weight-gradient kernel
/// writes, so that no gradient is ever reordered): sums, optimizers and exchanges are element-wise
/// and do not care. Model files hold the plain layout.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/proto/layers.pb.h"
#include "core/shape.hpp"
#include "core/timeline.hpp"
#include "core/touched_rows.hpp"

namespace lockstep::layers {

namespace onednn {
class Layout;  // how a tensor lies in memory; defined in layers/onednn/
}

/// A tensor between two layers: the shape of one row, and how the rows of a lane lie in memory.
struct TensorSpec {
  Shape shape;                                   ///< of one row: [F], [C, H, W], [T, F] or [T] ids
  std::shared_ptr<const onednn::Layout> layout;  ///< null: plain row-major [N, shape...]
  std::size_t floats = 0;                        ///< size in memory for all rows, padding included
  bool masked = false;  ///< shape[0] is time, and a row may end before it does: Lane::lengths. What
                        ///< lies behind the end is zero, in gradients too.
};

/// One parameter of a layer, or one running statistic.
struct ParameterInfo {
  enum class Kind {
    Weight,     ///< learned: gradient -> optimizer
    Frozen,     ///< stays as it starts
    Statistic,  ///< batch_norm's running mean and variance: the "gradient" is rows * the lane's
                ///< statistic, and after the tree running = (1 - momentum) running + momentum * sum
                ///< / rows
  };
  std::string
      name;  ///< "weight", "bias", ..., with the nested layers' names in front, joined by '.'
  std::vector<std::int64_t>
      shape;  ///< plain shape, as PyTorch writes it: [O, I/groups, kh, kw], [U, F], [C]
  std::size_t storage = 0;  ///< floats in storage, >= product(shape)
  Kind kind = Kind::Weight;
  double momentum = 0;  ///< of a Statistic
  /// Start value: an initializer with its fan, or a constant (initializer ZEROS plus `constant`).
  proto::Initializer initializer = proto::ZEROS;
  double constant = 0;  ///< added to the initial value: 1 for scales and running variances
  /// Of which plain values `constant` is part: a forget gate's among all biases.
  std::size_t constant_begin = 0, constant_end = std::numeric_limits<std::size_t>::max();
  double scale = 0.05;  ///< of UNIFORM and NORMAL
  std::size_t fan_in = 1, fan_out = 1;
  /// Of a weight [V, U] in plain storage whose gradient is zero but for a few of its V rows: how
  /// many of them a row of the lane can touch (Lane::touched). 0: any number.
  std::size_t touched_by_row = 0;
  /// Where vectors of words to start with come from (Network::start_with): output column of a
  /// stage, or a file; and the config path of the layer, for messages.
  std::string start_stage, start_file, field;
};

/// The states of a recurrent layer at its ends: [L, N, D H], levels, rows of the lane, directions
/// times units. Before the first step they can be given where there is one direction. `c` of cells
/// with a memory alone. The gradients are read and written by backward.
struct RecurrentStates {
  const float *h0 = nullptr, *c0 = nullptr;  ///< before the first step; null: zero
  float *h = nullptr, *c = nullptr;          ///< written: behind the last step; null: not wanted
  const float *dh = nullptr, *dc = nullptr;  ///< gradients of h and c; null: zero
  float *dh0 = nullptr, *dc0 = nullptr;      ///< written: of h0 and c0; null: not wanted
};

/// What a layer sees of one lane in one pass. Pointers are 64-byte aligned; sizes follow from the
/// layer.
struct Lane {
  bool training = false;
  std::uint64_t seed = 0;  ///< of the experiment
  std::uint64_t step =
      0;  ///< counts accumulated batches too: every pass over fresh rows has its own
  std::span<const std::uint64_t> row_ids;  ///< identities of the rows, keys of dropout
  std::size_t rows = 0;
  const std::int32_t* lengths = nullptr;  ///< steps of each row of x; null if x is not masked
  std::span<const float> labels;  ///< of the rows, for a decoder that reads them; empty: none
  const RecurrentStates* states = nullptr;  ///< of a recurrent layer; null: it begins with zeros
  const float* tied = nullptr;              ///< of a tied layer: the owner's weight, plain
  float* tied_gradient = nullptr;           ///< and where its own part of the gradient goes
  double* penalty = nullptr;  ///< forward adds the loss that the layer itself has, summed over the
                              ///< rows; null: nobody wants it
  Timeline* timeline = nullptr;  ///< the network notes its layers' times there; null: nobody asks
  const float* x = nullptr;      ///< input
  float* y = nullptr;            ///< output: written by forward, read by backward
  float* dy = nullptr;           ///< gradient of the output; backward may destroy it
  float* dx = nullptr;           ///< gradient of the input to write; null if nobody wants it
  const float* parameters = nullptr;  ///< this layer's part, in storage order
  const float* packed = nullptr;      ///< this layer's part of what pack() wrote
  float* gradients = nullptr;  ///< this layer's part, in storage order; written, not added to
  const float* all_gradients = nullptr;  ///< the network's flat vector, of which that is a part
  TouchedRows* touched = nullptr;  ///< of the blocks of that vector, which come zero: a layer whose
                                   ///< weight is one writes and notes the rows it touches. May be
                                   ///< null: there are none
  float* workspace = nullptr;      ///< this layer's own memory from forward to backward
  float* scratch = nullptr;        ///< dies when the call returns

  /// The block that this layer's gradients begin with, if they do.
  std::optional<std::size_t> block_of_gradients() const {
    return touched != nullptr
               ? touched->block_at(static_cast<std::size_t>(gradients - all_gradients))
               : std::nullopt;
  }

  /// Steps of row `row` of x, of `steps` in all.
  std::size_t length_of(std::size_t row, std::size_t steps) const {
    return lengths != nullptr ? static_cast<std::size_t>(lengths[row]) : steps;
  }
};

class Layer {
 public:
  virtual ~Layer() = default;

  const TensorSpec& output() const noexcept { return output_; }
  const std::vector<ParameterInfo>& parameters() const noexcept { return parameters_; }

  std::size_t packed_floats() const noexcept { return packed_floats_; }  ///< what pack() writes
  std::size_t workspace_floats() const noexcept { return workspace_floats_; }  ///< a lane
  std::size_t scratch_floats() const noexcept { return scratch_floats_; }      ///< a thread
  double flops() const noexcept {
    return flops_;
  }  ///< of one row forward, multiply and add counted as two

  /// Between plain layout ([O, I, kh, kw] and so on, row-major) and storage, for parameter `index`.
  /// The default copies: storage is plain.
  virtual void to_plain(std::size_t index, const float* storage, float* plain) const;
  virtual void from_plain(std::size_t index, const float* plain, float* storage) const;

  /// Once a step, after the weights have changed: brings them into the layouts the kernels want.
  virtual void pack(const float* parameters, float* packed) const {
    (void)parameters, (void)packed;
  }

  /// Of a layer whose output is masked: the steps of each row of y, after forward. The default
  /// copies lane.lengths: time is as it was.
  virtual void output_lengths(const Lane& lane, std::int32_t* lengths) const;

  virtual void forward(Lane& lane) const = 0;
  virtual void backward(Lane& lane) const = 0;

 protected:
  TensorSpec output_;
  std::vector<ParameterInfo> parameters_;
  std::size_t packed_floats_ = 0, workspace_floats_ = 0, scratch_floats_ = 0;
  double flops_ = 0;
};

}  // namespace lockstep::layers
