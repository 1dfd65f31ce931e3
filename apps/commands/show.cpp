/// lockstep show MODEL|RUN: what a model is made of, and how good it was.

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/startup.hpp"
#include "apps/tables.hpp"
#include "core/files.hpp"
#include "ml/loaded_model.hpp"

namespace lockstep::apps {
namespace {

/// Adds what it reads, its loss, its size and its layers.
void describe_network(const layers::Network& network, nlohmann::ordered_json& json) {
  json["input"] = to_string(network.input());
  json["loss"] = network.loss_name();
  json["parameters"] = network.parameter_count();
  for (const auto& layer : network.summary()) {
    json["layers"].push_back({{"name", layer.name},
                              {"kind", layer.kind},
                              {"output", to_string(layer.output)},
                              {"parameters", layer.parameters}});
  }
}

nlohmann::ordered_json describe_model(const ml::LoadedModel& model) {
  nlohmann::ordered_json json{{"name", model.pipeline().name()},
                              {"lockstep_version", model.pipeline().lockstep_version()}};
  describe_network(model.network(), json);
  for (const auto& estimator : model.earlier()) {
    nlohmann::ordered_json earlier{{"name", ml::earlier_name(estimator.position)},
                                   {"stage", estimator.stage->at()}};
    describe_network(estimator.stage->network(), earlier);
    json["earlier"].push_back(std::move(earlier));
  }
  return json;
}

std::string network_text(const nlohmann::ordered_json& json) {
  std::string text = fmt::format("input {}, loss {}\n", json["input"].get<std::string>(),
                                 json["loss"].get<std::string>());
  std::vector<std::vector<std::string>> rows;
  for (const auto& layer : json["layers"]) {
    rows.push_back({layer["name"], layer["kind"], layer["output"],
                    count_text(layer["parameters"].get<std::uint64_t>())});
  }
  rows.push_back({"total", "", "", count_text(json["parameters"].get<std::uint64_t>())});
  return text + table({"layer", "kind", "output", "parameters"}, rows);
}

std::string model_text(const nlohmann::ordered_json& json) {
  std::string text = fmt::format("{} (lockstep {})\n", json["name"].get<std::string>(),
                                 json["lockstep_version"].get<std::string>());
  if (!json.contains("earlier")) return text + network_text(json);
  for (const auto& earlier : json["earlier"])
    text += earlier["stage"].get<std::string>() + "\n" + network_text(earlier) + "\n";
  return text + "the last estimator\n" + network_text(json);
}

ExitCode show(const std::string& path, const CommonOptions& common, dist::Communicator& world) {
  const Job job(world, common, {}, 0, "");
  const auto model = ml::LoadedModel::open(job.context(), path);
  if (!job.is_driver()) return ExitCode::Done;
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
