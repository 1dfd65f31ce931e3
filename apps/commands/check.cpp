/// lockstep check CONFIG: validates an experiment and prints its plan. Trains nothing. A config
/// without an estimator has a plan of its feature stages.

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/feature_plan.hpp"
#include "apps/startup.hpp"
#include "apps/tables.hpp"
#include "ml/pipeline/experiment.hpp"
#include "ml/pipeline/metrics_json.hpp"

namespace lockstep::apps {
namespace {

using Json = nlohmann::ordered_json;

/// COLLECTIVE. The plan of every estimator; those before the last are left untrained.
Json plan_json(const ml::Context& context, const proto::Experiment& experiment) {
  const auto prepared = ml::prepare(context, experiment);
  ml::Progress silent;
  ml::FitOptions how;
  how.untrained = true;
  ml::PipelineFit fit(context, prepared->pipeline, prepared->rows(), how, prepared->loading, silent,
                      nullptr);
  Json json{{"ranks", context.ranks.world_size()},          {"threads", context.threads.size()},
            {"partitions", prepared->train.partitions},     {"training_rows", prepared->train.rows},
            {"validation_rows", prepared->validation.rows}, {"test_rows", prepared->test.rows}};
  const auto& estimators = prepared->pipeline.estimators();
  for (std::size_t i = 0; i < estimators.size(); ++i) {
    fit.run_to(i);
    auto& [position, stage] = estimators[i];
    Json plan{{"name", ml::place_name(position)}, {"stage", stage->at()}};
    plan.update(to_json(stage->estimator().plan(fit.input_of(i))));
    if (i + 1 < estimators.size())
      json["earlier"].push_back(std::move(plan));
    else
      json.update(plan);
  }
  if (!json.contains("advice")) json["advice"] = Json::array();
  return json;
}

std::string plan_text(Json json) {
  std::string text;
  const auto told = [&](Json plan) {
    const std::string stage = plan["stage"].get<std::string>();
    for (const char* key : {"name", "stage", "earlier"}) plan.erase(key);
    return stage + "\n" + description_text(plan);
  };
  for (const auto& earlier : json.value("earlier", Json::array())) text += told(earlier) + "\n";
  return text + told(json);
}

ExitCode check(const ExperimentOptions& options, const CommonOptions& common,
               dist::Communicator& world) {
  const Config config = open_experiment(world, options);
  const Runtime runtime(world, common, config.experiment.cluster(), config.experiment.seed(),
                        config_digest(config.experiment));
  const bool learns = ml::has_estimator(config.experiment);
  Json json;
  with_locations(config.locations, [&] {
    if (!learns) {
      json = feature_plan(runtime.context(), config.experiment);
      return;
    }
    json = plan_json(runtime.context(), config.experiment);
  });
  if (!runtime.is_driver()) return ExitCode::Done;
  std::cout << (common.json ? json.dump() + "\n"
                : learns    ? plan_text(json)
                            : feature_plan_text(json))
            << std::flush;
  return ExitCode::Done;
}

}  // namespace

void add_check_command(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto options = std::make_shared<ExperimentOptions>();
  options->needs_estimator = false;
  auto* command = app.add_subcommand("check", "validate an experiment and print its plan");
  add_experiment_options(*command, *options);
  add_common_options(*command, common);
  command->callback([options, &common, &chosen] {
    chosen = [options, &common](auto& world) { return check(*options, common, world); };
  });
}

}  // namespace lockstep::apps
