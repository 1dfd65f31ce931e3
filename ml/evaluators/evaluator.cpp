#include "ml/evaluators/evaluator.hpp"

#include <fmt/format.h>

#include <cctype>

#include "core/error.hpp"
#include "data/jobs/dataset_job.hpp"
#include "ml/evaluators/anomaly.hpp"
#include "ml/evaluators/binary.hpp"
#include "ml/evaluators/multiclass.hpp"
#include "ml/evaluators/regression.hpp"
#include "ml/evaluators/translation.hpp"

namespace lockstep::ml {
namespace {

void require_task(bool fits, const std::string& at, const char* evaluator, const char* needs) {
  if (!fits)
    throw ConfigError(std::string("a ") + evaluator + " evaluator needs " + needs, {.field = at},
                      "choose another evaluator or loss");
}

/// The evaluator a task gets when the config names none.
proto::Evaluate default_evaluator(Task task) {
  proto::Evaluate evaluate;
  switch (task) {
    case Task::Multiclass:
      evaluate.mutable_multiclass();
      break;
    case Task::Binary:
      evaluate.mutable_binary();
      break;
    case Task::Regression:
    case Task::Reconstruction:
      evaluate.mutable_regression();
      break;
    case Task::Translation:
      evaluate.mutable_translation();
      break;
    case Task::Clustering:
      break;
  }
  return evaluate;
}

/// All evaluators and the loss of one partition, as a job.
class EvaluateJob {
 public:
  struct Partial {
    std::uint64_t rows = 0;
    bool has_loss = false;
    data::LossSum loss;
    std::vector<std::unique_ptr<EvaluatorSums>> evaluators;
  };

  EvaluateJob(const PredictionColumns& columns, const std::vector<MakeSums>& evaluators)
      : columns_(columns), evaluators_(evaluators) {}

  Partial map(const data::Partition& partition) const {
    Partial partial = empty();
    partial.rows = partition.rows();
    partial.has_loss = partition.loss.has_value();
    partial.loss = partition.loss.value_or(data::LossSum{});
    for (auto& evaluator : partial.evaluators) evaluator->add(partition, columns_);
    return partial;
  }

  Partial merge(Partial left, const Partial& right) const {
    left.rows += right.rows;
    left.has_loss = left.has_loss || right.has_loss;
    left.loss.loss += right.loss.loss;
    left.loss.weight += right.loss.weight;
    for (std::size_t i = 0; i < left.evaluators.size(); ++i)
      left.evaluators[i]->merge(*right.evaluators[i]);
    return left;
  }

  Metrics finish(const Partial& total) const {
    Metrics metrics;
    ml::add_count(metrics, "rows", total.rows);
    if (total.has_loss)
      ml::add(metrics, "loss", total.loss.weight > 0 ? total.loss.loss / total.loss.weight : 0);
    for (const auto& evaluator : total.evaluators) evaluator->finish(metrics);
    return metrics;
  }

  void save(const Partial& partial, std::string& bytes) const {
    Writer out;
    out.value(partial.rows);
    out.value(partial.has_loss);
    out.value(partial.loss);
    for (const auto& evaluator : partial.evaluators) evaluator->save(out);
    bytes = out.take();
  }

  Partial load(std::string_view bytes) const {
    Reader in(bytes);
    Partial partial = empty();
    partial.rows = in.value<std::uint64_t>();
    partial.has_loss = in.value<bool>();
    partial.loss = in.value<data::LossSum>();
    for (auto& evaluator : partial.evaluators) evaluator->load(in);
    return partial;
  }

 private:
  Partial empty() const {
    Partial partial;
    for (const auto& make : evaluators_) partial.evaluators.push_back(make());
    return partial;
  }

  const PredictionColumns& columns_;
  const std::vector<MakeSums>& evaluators_;
};

}  // namespace

MakeSums make_evaluator(const proto::Evaluate& config, const PredictionColumns& columns,
                        const std::string& at) {
  const Task task = columns.task;
  const bool classes = task == Task::Binary || task == Task::Multiclass;
  switch (config.kind_case()) {
    case proto::Evaluate::kMulticlass:
      require_task(classes, at, "multiclass", "an estimator that predicts classes");
      return [c = config.multiclass(), columns] {
        return std::make_unique<MulticlassSums>(c, columns);
      };
    case proto::Evaluate::kBinary:
      if (!columns.score.empty() && columns.anomaly.empty())
        throw ConfigError("there are no known anomalies to compare the model's errors with",
                          {.field = at + ".binary"}, "name their column in the stage's label_col");
      if (!columns.score.empty()) return make_anomaly_evaluator(config.binary(), at + ".binary");
      require_task(classes && columns.classes == 2, at, "binary", "an estimator with two classes");
      return [c = config.binary()] { return std::make_unique<BinarySums>(c); };
    case proto::Evaluate::kRegression:
      require_task(task == Task::Regression || task == Task::Reconstruction, at, "regression",
                   "an estimator that predicts numbers");
      return [c = config.regression()] { return std::make_unique<RegressionSums>(c); };
    case proto::Evaluate::kTranslation:
      require_task(task == Task::Translation, at, "translation", "a sequence_to_sequence stage");
      return [c = config.translation()] { return std::make_unique<TranslationSums>(c); };
    case proto::Evaluate::KIND_NOT_SET:
      break;
  }
  throw ConfigError("an evaluator without a kind", {.field = at},
                    "write for example: evaluate { multiclass { metric_name: ACCURACY } }");
}

std::vector<MakeSums> make_evaluators(const EvaluateConfigs& configs,
                                      const PredictionColumns& columns) {
  std::vector<MakeSums> evaluators;
  for (int i = 0; i < configs.size(); ++i)
    evaluators.push_back(make_evaluator(configs[i], columns, fmt::format("evaluate[{}]", i)));
  const auto by_task = default_evaluator(columns.task);
  if (evaluators.empty() && by_task.kind_case() != proto::Evaluate::KIND_NOT_SET)
    evaluators.push_back(make_evaluator(by_task, columns, "evaluate"));
  return evaluators;
}

Metrics evaluate(const Context& context, const data::Dataset& dataset,
                 const PredictionColumns& columns, const std::vector<MakeSums>& evaluators) {
  return data::run_job(context, EvaluateJob(columns, evaluators), dataset);
}

std::string metric_key(std::string name) {
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

}  // namespace lockstep::ml
