#pragma once
/// Evaluators: what a model's predictions are worth. Each is a job over columns: accumulate the
/// rows of a partition, merge, finish. Local. Formulas and edge cases follow Spark ML's evaluators.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/proto/evaluate.pb.h"
#include "core/serial.hpp"
#include "data/dataset.hpp"
#include "ml/context.hpp"
#include "ml/evaluators/metric.hpp"
#include "ml/evaluators/prediction_columns.hpp"

namespace lockstep::ml {

/// Sums over some rows. Merged along the tree over the partitions, left before right.
class EvaluatorSums {
 public:
  virtual ~EvaluatorSums() = default;
  /// Adds all rows of the partition. Each row has what the task says, and a label.
  virtual void add(const data::Partition& partition, const PredictionColumns& columns) = 0;
  virtual void merge(const EvaluatorSums& right) = 0;  ///< right is of the same kind
  virtual void save(Writer& out) const = 0;
  virtual void load(Reader& in) = 0;
  virtual void finish(Metrics& metrics) const = 0;  ///< adds its metrics
};

/// One evaluator of a config, for a model that adds these columns. `at` is its config path.
/// @throws ConfigError if it does not fit the task.
using MakeSums = std::function<std::unique_ptr<EvaluatorSums>()>;
MakeSums make_evaluator(const proto::Evaluate& config, const PredictionColumns& columns,
                        const std::string& at);

using EvaluateConfigs = google::protobuf::RepeatedPtrField<proto::Evaluate>;

/// The evaluators of a config or a saved pipeline; where it names none, that of the task, if there
/// is one. @throws ConfigError as make_evaluator does
std::vector<MakeSums> make_evaluators(const EvaluateConfigs& configs,
                                      const PredictionColumns& columns);

/// COLLECTIVE. Number of rows, mean loss where the model tells it, and the evaluators' metrics,
/// over rows to which the model has added its columns. The same on every rank. @throws AgreedError
Metrics evaluate(const Context& context, const data::Dataset& dataset,
                 const PredictionColumns& columns, const std::vector<MakeSums>& evaluators);

// ---- for those who write evaluators

/// The numbers of a column; null if the name is empty.
inline const Values<double>* numbers_of(const data::Partition& partition, const std::string& name) {
  return name.empty() ? nullptr : &partition.get<data::Numbers>(name).values;
}

/// 1, or the row's weight.
inline double weight_of(const Values<double>* weights, std::size_t row) {
  return weights == nullptr ? 1.0 : (*weights)[row];
}

/// A metric's name in a config (AREA_UNDER_ROC) as metrics.json writes it (area_under_roc).
std::string metric_key(std::string name);

}  // namespace lockstep::ml
