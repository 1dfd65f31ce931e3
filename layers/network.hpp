#pragma once
/// A network: the layers of a config compiled for one number of rows, the loss, and one flat
/// parameter vector. Local and MPI-free. To ml/ a network is: parameters in, lane rows in ->
/// gradients, loss and outputs out.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "core/proto/network.pb.h"
#include "core/shape.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

/// A parameter of the whole network in the flat vector.
struct Parameter {
  ParameterInfo info;      ///< info.name is the full name: "conv2d_0.weight"
  std::size_t offset = 0;  ///< in the flat vector
  std::size_t layer = 0;   ///< top-level layer it belongs to
};

/// What the label column must hold, and what comes out.
enum class Task {
  Multiclass,  ///< label = class index; outputs = probabilities of `outputs` classes
  Binary,      ///< label 0 or 1; one output = probability of 1
  Regression,  ///< label or target vector of `outputs` numbers
  Sequence,    ///< label = ids of the words of a text; outputs: logits of each word
};

/// A layer's line in `check` and `show`.
struct LayerSummary {
  std::string name, kind;
  Shape output;
  std::size_t parameters = 0;  ///< learned numbers, without padding
  double flops = 0;            ///< of one row forward, multiply and add counted as two
};

/// Of a network that stands for another message of the config, such as an autoencoder.
struct Outline {
  /// Config path of each layer, without its kind, for messages; empty: AT.layer[i].
  std::vector<std::string> fields;
  /// The layer whose output Worker::tap() gives, counted from 0; none by default.
  std::optional<std::size_t> tap;
};

/// What some rows of a weight [V, U] start with.
struct StartRows {
  std::vector<std::size_t> rows;  ///< below V
  std::vector<float> values;      ///< U a row
};

/// How an encoder_decoder writes its texts (layers/beam_search.hpp).
struct WritingOptions {
  std::size_t beam_width = 1;
  std::size_t max_words = 0;  ///< of a text
  double length_penalty = 1;  ///< the best text has the largest log probability / words^penalty
  bool operator==(const WritingOptions&) const = default;
};
using WrittenText = std::vector<std::int32_t>;  ///< ids of words

class Worker;

/// The shared, immutable part: architecture, parameter layout, and the compiled programs by number
/// of rows.
class Network {
 public:
  /// Compiles `config` for rows of shape `input`, [F] or [C, H, W], in lanes of config.lane_size()
  /// rows. `at` is the config path of the network, for messages.
  /// @throws ConfigError with the field of the layer that does not fit.
  Network(const proto::Network& config, const Shape& input, const std::string& at,
          Outline outline = {});
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  const Shape& input() const noexcept;
  Task task() const noexcept;
  std::size_t outputs()
      const noexcept;  ///< numbers a row that come out: classes, 1, or the target's size
  std::size_t labels_per_row() const noexcept;  ///< 1 class, the target's size, or words of a text
  std::size_t tap_size() const noexcept;  ///< numbers a row of Worker::tap(); 0: nothing is tapped
  const std::vector<LayerSummary>& summary() const noexcept;
  std::string loss_name() const;

  /// The flat vector: last layer first, so that gradients are complete from front to back during
  /// backward.
  std::size_t parameter_floats() const noexcept;  ///< storage, padding included
  std::size_t parameter_count() const noexcept;   ///< learned numbers
  const std::vector<Parameter>& parameters()
      const noexcept;  ///< ascending offsets, no gaps, covers the vector
  /// The weights in the flat vector of which a lane touches few rows
  /// (ParameterInfo::touched_by_row).
  std::vector<RowBlock> row_blocks() const;
  std::size_t packed_floats() const noexcept;
  std::size_t worker_bytes() const;  ///< memory a thread needs at lane_size rows

  /// Rows of a parameter that initialize() shall not draw. Before other threads see the network.
  void start_with(const Parameter& parameter, StartRows start);

  /// Initial values, a function of (seed, layer position, parameter) and start_with() alone; writes
  /// parameter_floats() numbers.
  void initialize(std::uint64_t seed, std::span<float> parameters) const;

  /// A parameter between the flat vector and its plain layout (product of info.shape numbers).
  /// Works for any flat vector of the same structure: weights, gradients, optimizer moments.
  void to_plain(const Parameter& parameter, std::span<const float> flat,
                std::span<float> plain) const;
  void from_plain(const Parameter& parameter, std::span<const float> plain,
                  std::span<float> flat) const;

  /// Once a step: brings the weights into the kernels' layouts. Writes packed_floats() numbers.
  /// `part` of `parts`: shares the work out to threads; call for every part.
  void pack(std::span<const float> parameters, std::span<float> packed, std::size_t part = 0,
            std::size_t parts = 1) const;

 private:
  friend class Worker;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Sums over the rows of one lane.
struct LaneResult {
  double loss = 0;     ///< sum of row weight * loss of the row
  double weight = 0;   ///< sum of row weights * class weights (of texts: words)
  double correct = 0;  ///< sum of the weights of rows (of texts: words) whose prediction is right;
                       ///< 0 for regressions
  double row_weight = 0;  ///< sum of row weights; the rows, where none are given
};

/// What backward needs to tell while it runs: gradients [0, floats) of the flat vector are final.
using GradientProgress = std::function<void(std::size_t floats)>;

/// A thread's own memory for one lane at a time. Not thread-safe; one per thread. Memory is
/// allocated on first use for each number of rows and reused.
class Worker {
 public:
  explicit Worker(const Network& network);
  ~Worker();

  /// Where to put the rows before a pass: [rows, input] row-major floats.
  std::span<float> input(std::size_t rows);

  /// The row ids, labels and targets of the pass. labels: labels_per_row() numbers a row.
  struct Pass {
    std::size_t rows = 0;
    std::span<const std::uint64_t> row_ids;
    std::span<const float> labels;
    std::span<const float> weights;  ///< one a row, >= 0, or none: each row counts 1
    std::uint64_t seed = 0, step = 0;
    std::span<const float> parameters, packed;
    Timeline* timeline = nullptr;  ///< train() notes its layers' times there; null: nobody asks
  };

  /// Forward and backward in training mode. `gradients` gets the gradient of the lane's loss SUM
  /// (not mean) with respect to every parameter: parameter_floats() numbers, all written.
  /// `progress` may be empty. `touched`: of blocks among row_blocks() that are zero in `gradients`,
  /// only the rows that the lane touches are written, and noted there.
  /// @throws DataError if a label is not a class index; the caller adds file and row.
  LaneResult train(const Pass& pass, std::span<float> gradients, const GradientProgress& progress,
                   TouchedRows* touched = nullptr);

  /// Forward in inference mode; loss and accuracy against the labels.
  LaneResult evaluate(const Pass& pass);

  /// After evaluate() or predict(): [rows, outputs] probabilities (softmax or sigmoid applied) or
  /// values.
  std::span<const float> outputs() const noexcept;

  /// Likewise: [rows, tap_size] the tapped layer's output, each row in row-major order.
  std::span<const float> tap() const noexcept;

  /// Forward in inference mode without labels (pass.labels may be empty).
  void predict(const Pass& pass);

  /// Of a network for texts: the text of each row. pass.labels are not read.
  std::vector<WrittenText> write(const Pass& pass, const WritingOptions& options);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Seconds this thread has spent inside oneDNN primitives since it started; what `bench` compares a
/// step with.
double primitive_seconds() noexcept;

/// Call once in every thread that runs a Worker or makes a Network, before anything else: one
/// oneDNN thread, denormals flushed.
void prepare_thread() noexcept;

/// Instruction sets as an ordered number (larger can do more), its name, and the limit for this
/// process. set_isa must be called before the first Network is made.
int detected_isa() noexcept;
std::string isa_name(int isa);
void limit_isa(int isa);

/// "oneDNN 2.6.3"
std::string library_version();

}  // namespace lockstep::layers
