/// train_experiment: training, evaluation, and what is left in the run folder.

#include <nlohmann/json.hpp>

#include "core/config.hpp"
#include "core/log.hpp"
#include "core/timeline.hpp"
#include "dist/session.hpp"
#include "ml/pipeline/experiment.hpp"
#include "ml/pipeline/metrics_json.hpp"
#include "ml/pipeline/model_folder.hpp"
#include "ml/pipeline/predictions.hpp"

namespace lockstep::ml {
namespace {

void say_rows(const Context& context, const Prepared& prepared) {
  log::info("{}: {} training rows, {} validation, {} test; {} partitions", prepared.train.name,
            prepared.train.rows, prepared.validation.rows, prepared.test.rows,
            prepared.train.partitions);
  log::info("{} ranks x {} threads", context.ranks.world_size(), context.threads.size());
}

proto::Pipeline description_of(const proto::Experiment& experiment, const Prepared& prepared) {
  proto::Pipeline saved;
  saved.set_name(experiment.name());
  saved.set_seed(experiment.seed());
  *saved.mutable_source() = experiment.data().train();
  save_schema(prepared.source_schema, saved);
  *saved.mutable_evaluate() = experiment.evaluate();
  saved.set_partitions(static_cast<std::uint32_t>(prepared.train.partitions));
  return saved;
}

/// COLLECTIVE. predictions.csv, whole or absent.
void write_prediction_file(const Context& context, const data::Dataset& dataset,
                           const PredictionTable& table, RunFolder* folder) {
  const std::string temporary = folder ? folder->file(".tmp-predictions.csv") : "";
  if (folder) folder->files().remove(temporary);
  write_predictions(context, dataset, table, [&](const std::string& text) {
    if (folder) folder->files().append(temporary, text);
  });
  dist::all_or_none(context.ranks, [&] {
    if (!folder) return;
    folder->files().sync(temporary);
    folder->files().rename(temporary, folder->file("predictions.csv"));
    folder->files().sync(folder->path());
  });
}

/// COLLECTIVE. Metrics of validation and test rows, and the summaries of the estimators.
void judge(const Context& context, const PipelineFit& fit, const Prepared& prepared,
           Outcome& outcome) {
  const auto& last = fit.reports().back();
  outcome.sections.emplace_back("train", last.summary);
  const auto add = [&](const char* name, const data::Dataset& dataset) {
    outcome.sections.emplace_back(
        name, evaluate(context, dataset, within(fit.columns(), dataset.schema), fit.evaluators()));
  };
  if (prepared.validation.rows > 0) add("validation", prepared.validation);
  if (prepared.has_test) add("test", prepared.test);
  for (const auto& report : fit.reports()) {
    if (report.position != last.position)
      outcome.sections.emplace_back(place_name(report.position), report.summary);
  }
}

}  // namespace

Outcome train_experiment(const Context& context, const proto::Experiment& experiment,
                         RunFolder* folder, Progress& progress, const TrainOptions& options) {
  const double start = clock_seconds();
  const auto prepared = prepare(context, experiment);
  say_rows(context, *prepared);
  FitOptions how;
  how.config_digest = config_digest(experiment);
  how.exchange = exchange_of(experiment, options.exchange);
  how.resume = options.resume;
  PipelineFit fit(context, prepared->pipeline, prepared->rows(), how, prepared->loading, progress,
                  folder);
  Outcome outcome;
  outcome.stopped = !fit.run(experiment.evaluate());
  outcome.steps = fit.steps();
  if (outcome.stopped) return outcome;

  const double fitted = clock_seconds();
  fit.transform_to_end();
  judge(context, fit, *prepared, outcome);
  dist::all_or_none(context.ranks, [&] {
    if (folder)
      save_model(folder->files(), folder->file("model"), description_of(experiment, *prepared),
                 prepared->pipeline);
  });
  if (experiment.output().predictions()) {
    if (!prepared->has_test) fit.transform_training_rows();
    const auto& dataset = prepared->has_test ? prepared->test : prepared->train;
    write_prediction_file(context, dataset,
                          prediction_table(dataset.schema, fit.columns(), fit.added()), folder);
  }
  outcome.timing = {{"load_seconds", fitted - start - fit.fit_seconds()},
                    {"train_seconds", fit.reports().back().fit_seconds},
                    {"evaluate_seconds", clock_seconds() - fitted}};
  for (const auto& phase : fit.reports().back().seconds) outcome.timing.push_back(phase);
  for (std::size_t i = 0; i + 1 < fit.reports().size(); ++i)
    outcome.timing.emplace_back(place_name(fit.reports()[i].position) + "_train_seconds",
                                fit.reports()[i].fit_seconds);
  dist::all_or_none(context.ranks, [&] {
    // Of estimators without iterations: an empty curve.
    if (folder && !folder->files().exists(folder->file("metrics.jsonl")))
      folder->write("metrics.jsonl", "");
    if (folder) folder->write("metrics.json", to_json(outcome).dump(2) + "\n");
  });
  return outcome;
}

}  // namespace lockstep::ml
