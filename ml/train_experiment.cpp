/// train_experiment: training, evaluation, and what is left in the run folder.

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "core/config.hpp"
#include "core/log.hpp"
#include "dist/session.hpp"
#include "ml/autoencoder.hpp"
#include "ml/experiment.hpp"
#include "ml/model.hpp"
#include "ml/train_earlier.hpp"

namespace lockstep::ml {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

void say_plan(const Context& context, const Prepared& prepared) {
  const auto& plan = prepared.plan;
  log::info("{}: {} training rows, {} validation, {} test; {} partitions, {} lanes of {} rows",
            prepared.train.name, prepared.train.rows, prepared.validation.rows, prepared.test.rows,
            plan.partitions, plan.lanes, plan.lane_size);
  const int computing = context.ranks.world_size() - (context.dedicated_driver() ? 1 : 0);
  const auto cores = static_cast<std::size_t>(computing) * context.threads.size();
  log::info("{} ranks x {} threads, {} parameters", context.ranks.world_size(),
            context.threads.size(), prepared.network->parameter_count());
  if (cores > plan.lanes) {
    log::warning(
        "{} of {} threads have no lane to compute: global_batch / lane_size gives {} lanes",
        cores - plan.lanes, cores, plan.lanes);
  }
}

proto::Pipeline pipeline_of(const proto::Experiment& experiment, const Prepared& prepared) {
  proto::Pipeline pipeline;
  pipeline.set_name(experiment.name());
  pipeline.set_seed(experiment.seed());
  *pipeline.mutable_source() = experiment.data().train();
  save_schema(prepared.source_schema, pipeline);
  for (const auto& stage : prepared.pipeline.save()) *pipeline.add_stage() = stage;
  *pipeline.add_stage() = prepared.estimator;
  *pipeline.mutable_evaluate() = experiment.evaluate();
  pipeline.set_partitions(static_cast<std::uint32_t>(prepared.plan.partitions));
  return pipeline;
}

/// Of an estimator trained on `rows` rows.
Json train_metrics(const proto::Stage& estimator, const layers::Network& network,
                   std::uint64_t rows, const TrainingResult& result) {
  Json metrics{{"rows", rows}, {"loss", result.train_loss}};
  if (network.task() != layers::Task::Regression) metrics["accuracy"] = result.train_accuracy;
  metrics["epochs"] = result.epochs;
  metrics["steps"] = result.steps;
  if (result.best_epoch) metrics["best_epoch"] = *result.best_epoch;
  const auto& learnt = estimator.autoencoder().model();
  if (learnt.has_anomaly_threshold()) metrics["anomaly_threshold"] = learnt.anomaly_threshold();
  return metrics;
}

/// COLLECTIVE. predictions.csv, whole or absent.
void write_prediction_file(const Context& context, const Scorer& scorer, const Prepared& prepared,
                           RunFolder* folder) {
  const auto& dataset = prepared.has_test ? prepared.test : prepared.train;
  PredictionOptions options;
  if (prepared.estimator.has_autoencoder()) options.autoencoder = &prepared.estimator.autoencoder();
  const std::string temporary = folder ? folder->file(".tmp-predictions.csv") : "";
  if (folder) folder->files().remove(temporary);
  write_predictions(context, scorer, dataset, prepared.columns, options,
                    [&](const std::string& text) {
                      if (folder) folder->files().append(temporary, text);
                    });
  dist::all_or_none(context.ranks, [&] {
    if (!folder) return;
    folder->files().sync(temporary);
    folder->files().rename(temporary, folder->file("predictions.csv"));
    folder->files().sync(folder->path());
  });
}

/// `earlier` were trained while the rows were made.
Json phase_seconds(Clock::time_point start, Clock::time_point loaded, Clock::time_point trained,
                   const StepSeconds& steps, const std::vector<EarlierResult>& earlier) {
  Json seconds{{"load_seconds", seconds_between(start, loaded)},
               {"train_seconds", seconds_between(loaded, trained)},
               {"evaluate_seconds", seconds_between(trained, Clock::now())},
               {"compute_seconds", steps.compute},
               {"exchange_seconds", steps.exchange},
               {"optimizer_seconds", steps.optimizer}};
  double loading = seconds_between(start, loaded);
  for (const auto& result : earlier) {
    seconds[earlier_name(result.estimator.position) + "_train_seconds"] = result.seconds;
    loading -= result.seconds;
  }
  seconds["load_seconds"] = loading;
  return seconds;
}

}  // namespace

Outcome train_experiment(const Context& context, const proto::Experiment& experiment,
                         RunFolder* folder, Progress& progress, const TrainOptions& options) {
  const auto start = Clock::now();
  std::vector<EarlierResult> earlier;
  const auto prepared =
      prepare(context, experiment, [&](Prepared& so_far, const EarlierEstimator& estimator) {
        earlier.push_back(
            train_earlier(context, experiment, so_far, estimator, folder, progress, options));
        return !earlier.back().training.stopped;
      });
  if (!prepared) return {earlier.back().training, ""};
  say_plan(context, *prepared);
  const auto loaded = Clock::now();
  TrainingInput input{
      prepared->config,          *prepared->network,
      prepared->train,           prepared->has_validation ? &prepared->validation : nullptr,
      prepared->columns,         prepared->plan,
      config_digest(experiment), exchange_of(experiment, options),
      prepared->augmentation,    prepared->texts.get()};
  if (context.is_driver())
    progress.on_estimator(estimator_path(experiment), prepared->network->task());
  Trainer trainer(context, input, folder, progress);
  if (options.resume && !trainer.resume()) log::info("no checkpoint to resume from: starting anew");
  Outcome outcome;
  outcome.training = trainer.run();
  if (outcome.training.stopped) return outcome;

  const auto trained = Clock::now();
  if (prepared->estimator.has_autoencoder()) {
    learn_threshold(context, trainer.scorer(), prepared->train, prepared->columns,
                    *prepared->estimator.mutable_autoencoder());
  }
  Json metrics;
  metrics["train"] = train_metrics(prepared->estimator, *prepared->network, prepared->train.rows,
                                   outcome.training);
  LossSums sums;
  const auto judge = [&](const data::Dataset& dataset) {
    return evaluate(context, trainer.scorer(), dataset, prepared->columns, prepared->evaluators,
                    sums);
  };
  if (prepared->has_validation) metrics["validation"] = judge(prepared->validation);
  if (prepared->has_test) metrics["test"] = judge(prepared->test);
  for (const auto& [estimator, result, rows, seconds] : earlier) {
    metrics[earlier_name(estimator.position)] =
        train_metrics(estimator.stage->stage(), estimator.stage->network(), rows, result);
  }
  dist::all_or_none(context.ranks, [&] {
    if (folder)
      save_model(folder->files(), folder->file("model"), pipeline_of(experiment, *prepared),
                 *prepared->network, trainer.step().parameters(), weights_of(prepared->earlier));
  });
  if (experiment.output().predictions()) {
    write_prediction_file(context, trainer.scorer(), *prepared, folder);
  }
  metrics["timing"] = phase_seconds(start, loaded, trained, trainer.step().seconds(), earlier);
  outcome.metrics_json = metrics.dump(2) + "\n";
  dist::all_or_none(context.ranks, [&] {
    if (folder) folder->write("metrics.json", outcome.metrics_json);
  });
  return outcome;
}

}  // namespace lockstep::ml
