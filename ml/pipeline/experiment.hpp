#pragma once
/// From a config to a trained, evaluated model: what `train`, `check` and `bench` share.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/problems.hpp"
#include "core/proto/experiment.pb.h"
#include "ml/context.hpp"
#include "ml/pipeline/pipeline.hpp"

namespace lockstep::ml {

/// The checks that go beyond one field: stages that fit together, lanes that divide the batch.
/// Local; adds to `problems`. Without an estimator the stages only make features.
void check_experiment(const proto::Experiment& experiment, Problems& problems,
                      bool needs_estimator = true);

/// Whether there is an estimator among the stages. Local.
bool has_estimator(const proto::Experiment& experiment);

/// The logical partitions of an experiment's rows, with an estimator or without: as configured, or
/// the smallest multiple of the lanes that is 64 or more.
std::size_t partitions_of(const proto::Experiment& experiment);

/// How this experiment's sources are loaded, and shared out to these ranks.
data::LoadOptions load_options(const Context& context, const proto::Experiment& experiment);

/// The exchange of an experiment's steps.
dist::ExchangeOptions exchange_of(const proto::Experiment& experiment,
                                  dist::ExchangeOptions options = {});

/// An experiment with its rows loaded; nothing is fitted yet.
struct Prepared {
  Pipeline pipeline;
  data::LoadOptions loading;
  data::Schema source_schema;  ///< of the training file
  data::Dataset train, validation, test;
  bool has_test = false;

  PipelineRows rows() { return {train, validation, test}; }
};

/// COLLECTIVE. Checks that the stages fit the source's columns as far as they are known, and loads
/// the rows. Expects an estimator. @throws AgreedError
std::unique_ptr<Prepared> prepare(const Context& context, const proto::Experiment& experiment);

struct TrainOptions {
  bool resume = false;
  dist::ExchangeOptions exchange{};
};

/// How a run ended, the same on every rank.
struct Outcome {
  bool stopped = false;     ///< by a signal, after a checkpoint: requeue
  std::uint64_t steps = 0;  ///< of the estimator that was stopped, or the last one
  /// "train", "validation", "test", and "stage_N" of estimators before the last.
  std::vector<std::pair<std::string, Metrics>> sections{};
  std::vector<std::pair<std::string, double>> timing{};  ///< seconds by phase
};

/// COLLECTIVE. Trains, evaluates, and writes everything into the run folder (on the driver; null
/// elsewhere, or where nothing is to be written). @throws AgreedError
Outcome train_experiment(const Context& context, const proto::Experiment& experiment,
                         RunFolder* folder, Progress& progress, const TrainOptions& options);

}  // namespace lockstep::ml
