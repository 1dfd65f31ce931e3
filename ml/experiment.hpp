#pragma once
/// From a config to a trained, evaluated model: what `train`, `check` and `bench` share.

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/problems.hpp"
#include "core/proto/experiment.pb.h"
#include "data/pipeline.hpp"
#include "ml/context.hpp"
#include "ml/earlier_estimator.hpp"
#include "ml/estimator.hpp"
#include "ml/trainer.hpp"

namespace lockstep::ml {

/// The checks that go beyond one field: stages that fit together, lanes that divide the batch.
/// Local; adds to `problems`. Without an estimator the stages only make features.
void check_experiment(const proto::Experiment& experiment, Problems& problems,
                      bool needs_estimator = true);

/// Whether the last stage is an estimator. Local.
bool has_estimator(const proto::Experiment& experiment);

/// Lanes and partitions of an estimator's network; rows are not known yet. K is the configured
/// count, or the smallest multiple of the lanes >= 64.
StepPlan plan_steps(const proto::Network& network, const proto::Data& data);

/// That of the last estimator. Those before it have as many lanes and partitions.
StepPlan plan_steps(const proto::Experiment& experiment);

/// An experiment with its data loaded and its network compiled.
struct Prepared {
  proto::Stage estimator;  ///< as fitted so far: what the model folder keeps
  proto::Network config;   ///< the network it trains
  StepPlan plan;
  NetworkColumns columns;
  data::Schema source_schema;  ///< of the training file
  data::Dataset train, validation, test;
  bool has_validation = false, has_test = false;
  data::Pipeline pipeline;
  std::vector<EarlierEstimator> earlier;             ///< of the pipeline
  const data::Augmentation* augmentation = nullptr;  ///< of columns.input; null: none
  std::unique_ptr<layers::Network> network;
  std::vector<MakeSums> evaluators;
  std::unique_ptr<TargetTexts> texts;  ///< of a network that writes texts
};

/// COLLECTIVE. Loads, transforms, compiles. Estimators before the end are trained by
/// `train_earlier`; without it they keep the weights they start with. Null if that said to stop.
/// @throws AgreedError
std::unique_ptr<Prepared> prepare(const Context& context, const proto::Experiment& experiment,
                                  const TrainEarlier& train_earlier = {});

/// COLLECTIVE. Applies a part of the fitted stages to validation and test rows. @throws AgreedError
void transform_others(const Context& context, Prepared& prepared,
                      const std::vector<std::string>& needed, const data::LoadOptions& options,
                      data::Pipeline::Part part);

/// The columns that are left when the stages are done: what the network reads.
std::vector<std::string> columns_needed(const NetworkColumns& columns);

/// What a network expects of its columns. @throws ConfigError
struct NetworkInput {
  Shape shape;
  NetworkColumns columns;
};
NetworkInput network_input(const proto::Network& config, const data::Schema& schema,
                           const std::string& at);

/// What an estimator stage expects of its columns: its network's, and known anomalies.
/// @throws ConfigError
NetworkInput estimator_input(const proto::Stage& stage, const proto::Network& config,
                             const data::Schema& schema, const std::string& at);

/// COLLECTIVE. @throws AgreedError naming the first row (in file order) whose label is not a class
/// of the network, or neither 0 nor 1 where it tells an anomaly; a missing one is neither, unless
/// labels are optional.
void check_labels(const Context& context, const layers::Network& network,
                  const data::Dataset& dataset, const NetworkColumns& columns,
                  bool labels_optional = false);

/// COLLECTIVE. Trains, evaluates, and writes everything into the run folder. Returns metrics.json's
/// content (driver and others alike).
struct TrainOptions {
  bool resume = false;
  dist::ExchangeOptions exchange;
};
struct Outcome {
  TrainingResult training;
  std::string metrics_json;  ///< empty if the run was stopped by a signal
};
Outcome train_experiment(const Context& context, const proto::Experiment& experiment,
                         RunFolder* folder, Progress& progress, const TrainOptions& options);

}  // namespace lockstep::ml
