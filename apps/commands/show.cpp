/// lockstep show MODEL|RUN: what a model is made of, and how good it was.

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/startup.hpp"
#include "apps/tables.hpp"
#include "core/files.hpp"
#include "ml/pipeline/loaded_model.hpp"
#include "ml/pipeline/metrics_json.hpp"

namespace lockstep::apps {
namespace {

nlohmann::ordered_json describe_model(const ml::LoadedModel& model) {
  const auto& pipeline = model.pipeline();
  nlohmann::ordered_json json{{"name", model.saved().name()},
                              {"lockstep_version", model.saved().lockstep_version()},
                              {"stage", pipeline.judged().stage->at()}};
  json.update(to_json(pipeline.judged().stage->model().describe()));
  for (const auto& [position, stage] : pipeline.estimators()) {
    if (position == pipeline.judged().position) continue;
    nlohmann::ordered_json earlier{{"name", ml::place_name(position)}, {"stage", stage->at()}};
    earlier.update(to_json(stage->model().describe()));
    json["earlier"].push_back(std::move(earlier));
  }
  return json;
}

std::string model_text(nlohmann::ordered_json json) {
  std::string text = fmt::format("{} (lockstep {})\n", json["name"].get<std::string>(),
                                 json["lockstep_version"].get<std::string>());
  const auto earlier = json.value("earlier", nlohmann::ordered_json::array());
  for (const char* key : {"name", "lockstep_version", "earlier", "metrics"}) json.erase(key);
  for (auto part : earlier) {
    text += part["stage"].get<std::string>() + "\n";
    for (const char* key : {"name", "stage"}) part.erase(key);
    text += description_text(part) + "\n";
  }
  text += json["stage"].get<std::string>() + "\n";
  json.erase("stage");
  return text + description_text(json);
}

ExitCode show(const std::string& path, const CommonOptions& common, dist::Communicator& world) {
  const Runtime runtime(world, common, {}, 0, "");
  const auto model = ml::LoadedModel::open(runtime.context(), path);
  if (!runtime.is_driver()) return ExitCode::Done;
  auto json = describe_model(*model);
  const std::string metrics = join_path(path, "metrics.json");
  if (real_files().exists(metrics))
    json["metrics"] = nlohmann::ordered_json::parse(real_files().read(metrics));
  if (common.json) {
    std::cout << json.dump() << std::endl;
    return ExitCode::Done;
  }
  std::cout << model_text(json);
  if (json.contains("metrics")) {
    for (const auto& [section, values] : json["metrics"].items())
      std::cout << section << "\n" << metrics_text(values);
  }
  std::cout << std::flush;
  return ExitCode::Done;
}

}  // namespace

void add_show_command(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto path = std::make_shared<std::string>();
  auto* command =
      app.add_subcommand("show", "architecture, parameters and metrics of a model or run");
  command->add_option("MODEL", *path, "run folder or model folder")->required();
  add_common_options(*command, common);
  command->callback([path, &common, &chosen] {
    chosen = [path, &common](auto& world) { return show(*path, common, world); };
  });
}

}  // namespace lockstep::apps
