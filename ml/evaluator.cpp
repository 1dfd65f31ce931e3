#include "ml/evaluator.hpp"

#include "core/error.hpp"
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

}  // namespace

MakeSums make_evaluator(const proto::Evaluate& config, layers::Task task, std::size_t outputs,
                        const std::string& at, bool autoencoder) {
  const bool two_classes =
      task == layers::Task::Binary || (task == layers::Task::Multiclass && outputs == 2);
  switch (config.kind_case()) {
    case proto::Evaluate::kMulticlass:
      require_task(two_classes || task == layers::Task::Multiclass, at, "multiclass",
                   "a network that predicts classes");
      return [c = config.multiclass(), outputs] {
        return std::make_unique<MulticlassSums>(c, outputs);
      };
    case proto::Evaluate::kBinary:
      if (autoencoder) return make_anomaly_evaluator(config.binary(), at + ".binary");
      require_task(two_classes, at, "binary", "a network with two classes");
      return [c = config.binary()] { return std::make_unique<BinarySums>(c); };
    case proto::Evaluate::kRegression:
      require_task(task == layers::Task::Regression, at, "regression",
                   "a network that predicts numbers");
      return [c = config.regression()] { return std::make_unique<RegressionSums>(c); };
    case proto::Evaluate::kTranslation:
      require_task(task == layers::Task::Text, at, "translation", "a sequence_to_sequence stage");
      return [c = config.translation()] { return std::make_unique<TranslationSums>(c); };
    case proto::Evaluate::KIND_NOT_SET:
      break;
  }
  throw ConfigError("an evaluator without a kind", {.field = at},
                    "write for example: evaluate { multiclass { metric_name: ACCURACY } }");
}

proto::Evaluate default_evaluator(layers::Task task) {
  proto::Evaluate evaluate;
  switch (task) {
    case layers::Task::Multiclass:
      evaluate.mutable_multiclass();
      break;
    case layers::Task::Binary:
      evaluate.mutable_binary();
      break;
    case layers::Task::Regression:
      evaluate.mutable_regression();
      break;
    case layers::Task::Text:
      evaluate.mutable_translation();
      break;
  }
  return evaluate;
}

std::vector<MakeSums> make_evaluators(
    const google::protobuf::RepeatedPtrField<proto::Evaluate>& configs,
    const layers::Network& network) {
  const auto task = network.task();
  const std::size_t outputs = network.outputs();
  std::vector<MakeSums> evaluators;
  for (int i = 0; i < configs.size(); ++i) {
    evaluators.push_back(make_evaluator(
        configs[i], task, outputs, "evaluate[" + std::to_string(i) + "]", network.tap_size() > 0));
  }
  if (evaluators.empty()) {
    evaluators.push_back(make_evaluator(default_evaluator(task), task, outputs, "evaluate"));
  }
  return evaluators;
}

}  // namespace lockstep::ml
