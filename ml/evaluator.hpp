#pragma once
/// Evaluators: what a model's outputs are worth. Each is a job: accumulate rows of a partition,
/// merge, finish. Local. Formulas and edge cases follow Spark ML's evaluators.

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/proto/evaluate.pb.h"
#include "core/serial.hpp"
#include "layers/network.hpp"

namespace lockstep::ml {

/// Some rows of one partition with what the model says of them.
struct Scored {
  std::span<const float>
      outputs;  ///< [rows, width] probabilities of classes, the probability of class 1, or values
  std::size_t width = 0;
  std::span<const float> labels;  ///< [rows] classes, or [rows, width] targets of a regression
  std::size_t rows = 0;
  // Of an autoencoder, else empty:
  std::span<const float> codes = {};  ///< [rows, code_width]
  std::size_t code_width = 0;
  std::span<const float> errors = {};     ///< [rows] mean of (output - label)^2
  std::span<const float> anomalies = {};  ///< [rows] 1 for a known anomaly, 0 else; may be empty
  // Of a network that writes texts, where they are asked for: words. Else empty.
  std::span<const std::vector<std::string>> texts = {};       ///< [rows]
  std::span<const std::vector<std::string>> references = {};  ///< [rows], or empty: not known
};

/// Sums over some rows. Merged along the tree over the partitions, left before right.
class EvaluatorSums {
 public:
  virtual ~EvaluatorSums() = default;
  virtual void add(const Scored& scored) = 0;
  virtual void merge(const EvaluatorSums& right) = 0;  ///< right is of the same kind
  virtual void save(Writer& out) const = 0;
  virtual void load(Reader& in) = 0;
  /// Adds the metrics, by their names in lower case ("accuracy": 0.91), to the JSON object
  /// `metrics`.
  virtual void finish(nlohmann::ordered_json& metrics) const = 0;
};

/// One evaluator of a config, for a task with `outputs` outputs. `at` is its config path.
/// `autoencoder`: a binary evaluator judges how well the error tells known anomalies.
/// @throws ConfigError if it does not fit the task.
using MakeSums = std::function<std::unique_ptr<EvaluatorSums>()>;
MakeSums make_evaluator(const proto::Evaluate& config, layers::Task task, std::size_t outputs,
                        const std::string& at, bool autoencoder = false);

/// The evaluator a task gets when the config names none.
proto::Evaluate default_evaluator(layers::Task task);

/// The evaluators of a config or a saved pipeline; where it names none, that of the network's task.
/// @throws ConfigError as make_evaluator does
std::vector<MakeSums> make_evaluators(
    const google::protobuf::RepeatedPtrField<proto::Evaluate>& configs,
    const layers::Network& network);

}  // namespace lockstep::ml
