/// lockstep train CONFIG: from raw files to a trained, evaluated model in a run folder.

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/progress.hpp"
#include "apps/report.hpp"
#include "apps/startup.hpp"
#include "apps/tables.hpp"
#include "core/log.hpp"
#include "dist/session.hpp"
#include "ml/pipeline/experiment.hpp"
#include "ml/pipeline/metrics_json.hpp"

namespace lockstep::apps {
namespace {

struct TrainOptions {
  ExperimentOptions experiment;
  std::string run_dir;
  bool resume = false;
};

/// COLLECTIVE. The run folder on the driver, null elsewhere.
std::unique_ptr<ml::RunFolder> open_run_folder(const Runtime& runtime, const TrainOptions& options,
                                               const proto::Experiment& experiment) {
  std::unique_ptr<ml::RunFolder> folder;
  dist::all_or_none(runtime.context().ranks, [&] {
    if (!runtime.is_driver()) return;
    std::string path = !options.run_dir.empty() ? options.run_dir : experiment.output().run_dir();
    if (path.empty()) path = ml::default_run_path(real_files(), experiment.name(), options.resume);
    folder = std::make_unique<ml::RunFolder>(real_files(), path, options.resume);
    // A resumed run may have more epochs, not another config: the digest in its checkpoints tells.
    const std::string config = folder->file("config.textproto");
    proto::Experiment before;
    if (!options.resume || !real_files().exists(config) ||
        (from_text(real_files().read(config), before) &&
         config_digest(before) == config_digest(experiment)))
      folder->write("config.textproto", to_text(experiment));
    log::also_to(folder->file("log.txt"), options.resume);
    log::info("run folder {}", path);
  });
  return folder;
}

/// The model is saved by now: what goes wrong here is told, and ends nothing.
void report_or_warn(const ml::RunFolder& folder, const proto::Experiment& experiment,
                    const nlohmann::ordered_json& metrics) {
  try {
    write_report(folder, experiment, metrics);
  } catch (const std::exception& error) {
    log::warning("{} could not be written: {}", folder.file("report.html"), error.what());
  }
}

void print_result(const CommonOptions& common, const ml::RunFolder& folder,
                  nlohmann::ordered_json metrics) {
  if (common.json) {
    metrics["run_dir"] = folder.path();
    std::cout << metrics.dump() << std::endl;
    return;
  }
  for (const auto& [section, values] : metrics.items()) {
    if (section != "timing") fmt::print("{}\n{}", section, metrics_text(values));
  }
  fmt::print("run folder: {}\n", folder.path());
  std::fflush(stdout);
}

ExitCode train(const TrainOptions& options, const CommonOptions& common,
               dist::Communicator& world) {
  const Config config = open_experiment(world, options.experiment);
  const auto& experiment = config.experiment;
  Runtime runtime(world, common, experiment.cluster(), experiment.seed(),
                  config_digest(experiment));
  dist::watch_stop_signals();
  const auto folder = open_run_folder(runtime, options, experiment);
  TrainingProgress progress;
  ml::Outcome outcome;
  with_locations(config.locations, [&] {
    ml::TrainOptions how;
    how.resume = options.resume;
    outcome = ml::train_experiment(runtime.context(), experiment, folder.get(), progress, how);
  });
  if (outcome.stopped) {
    log::info("stopped by a signal after a checkpoint at step {}; go on with --resume",
              outcome.steps);
    return ExitCode::Stopped;
  }
  dist::all_or_none(world, [&] {
    if (!runtime.is_driver()) return;
    auto metrics = to_json(outcome);
    if (experiment.output().report()) report_or_warn(*folder, experiment, metrics);
    print_result(common, *folder, std::move(metrics));
  });
  return ExitCode::Done;
}

}  // namespace

void add_train_command(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto options = std::make_shared<TrainOptions>();
  auto* command =
      app.add_subcommand("train", "train, evaluate and save the model of an experiment");
  add_experiment_options(*command, options->experiment);
  command->add_option("--run-dir", options->run_dir, "the run folder; default runs/NAME-DATE");
  command->add_flag("--resume", options->resume,
                    "go on from the newest checkpoint of the run folder, on any number of ranks");
  add_common_options(*command, common);
  command->callback([options, &common, &chosen] {
    chosen = [options, &common](auto& world) { return train(*options, common, world); };
  });
}

}  // namespace lockstep::apps
