/// lockstep check CONFIG: validates an experiment and prints its plan. Trains nothing. A config
/// without an estimator has a plan of its feature stages.

#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/feature_plan.hpp"
#include "apps/startup.hpp"
#include "apps/tables.hpp"
#include "ml/experiment.hpp"
#include "ml/sparse_blocks.hpp"

namespace lockstep::apps {
namespace {

using Json = nlohmann::ordered_json;

/// What is bad about this plan on these ranks, and what to do.
std::vector<std::string> advice_for(const ml::Prepared& prepared, std::size_t cores) {
  std::vector<std::string> advice;
  const auto& plan = prepared.plan;
  const std::size_t batch = plan.lanes * plan.lane_size;
  if (cores > plan.lanes)
    advice.push_back(
        fmt::format("{} of {} threads stay idle: there are only {} lanes; lower lane_size or raise "
                    "global_batch",
                    cores - plan.lanes, cores, plan.lanes));
  else if (plan.lanes % cores != 0)
    advice.push_back(fmt::format(
        "{} lanes do not share out evenly to {} threads: some wait for others; {} lanes would fit",
        plan.lanes, cores, (plan.lanes / cores + 1) * cores));
  if (plan.lanes == 1 && batch >= 32)
    advice.push_back(
        "there is one lane, so a second rank or thread has nothing to do; lower lane_size");
  if (prepared.train.rows < batch)
    advice.push_back(fmt::format("a global batch of {} is more than the {} training rows", batch,
                                 prepared.train.rows));
  bool dense_heavy = false;
  for (const auto& layer : prepared.network->summary())
    dense_heavy = dense_heavy || (layer.kind == "dense" && layer.parameters >= 100000);
  if (dense_heavy && plan.lane_size < 32)
    advice.push_back(fmt::format("large dense layers run faster with lane_size >= 32 (it is {})",
                                 plan.lane_size));
  return advice;
}

/// What a rank holds and sends because of the flat vector of parameters.
struct VectorCosts {
  double state_bytes = 0;     ///< of the optimizer: the own share, and blocks that all update
  double exchange_bytes = 0;  ///< sent a step, at most
  bool at_most = false;       ///< the rows of a step may touch less
};

VectorCosts vector_costs(const ml::Prepared& prepared, const ml::Context& context) {
  const auto& network = *prepared.network;
  const auto ranks = static_cast<std::size_t>(context.ranks.world_size());
  const auto optimizer = ml::make_optimizer(prepared.config.optimizer(), 0);
  const auto blocks = ml::sparse_blocks(network, *optimizer, {}, context.ranks);
  double dense = static_cast<double>(network.parameter_floats()), everywhere = 0;
  for (const auto& [block, gather_sums] : blocks) {
    dense -= static_cast<double>(block.rows * block.width);
    if (gather_sums) everywhere += static_cast<double>(block.rows * block.width);
  }
  const double share = 1 / static_cast<double>(ranks);
  const double own = (static_cast<double>(network.parameter_floats()) - everywhere) * share;
  const std::size_t rows = prepared.plan.lanes * prepared.plan.lane_size * prepared.plan.accumulate;
  VectorCosts costs;
  costs.state_bytes = 2 * (own + everywhere) * sizeof(float);
  // Reduce-scatter and allgather move (ranks - 1) / ranks of the vector each.
  costs.exchange_bytes =
      (2 * dense * (1 - share) + ml::most_floats_sent(network, blocks, rows, ranks)) *
      sizeof(float);
  costs.at_most = !blocks.empty();
  return costs;
}

/// Its loss, its size and its layers.
Json network_json(const layers::Network& network) {
  Json json;
  json["loss"] = network.loss_name();
  json["parameters"] = network.parameter_count();
  for (const auto& layer : network.summary()) {
    json["layers"].push_back({{"name", layer.name},
                              {"kind", layer.kind},
                              {"output", to_string(layer.output)},
                              {"parameters", layer.parameters},
                              {"flops_per_row", layer.flops}});
  }
  return json;
}

/// Of an estimator that is trained before others, on as many partitions and lanes.
Json earlier_json(const ml::EarlierEstimator& estimator) {
  Json json{{"name", ml::earlier_name(estimator.position)},
            {"stage", estimator.stage->at()},
            {"training_rows", estimator.plan.rows},
            {"lanes", estimator.plan.lanes},
            {"lane_size", estimator.plan.lane_size},
            {"steps_per_epoch", estimator.plan.steps_per_epoch()}};
  json.update(network_json(estimator.stage->network()));
  return json;
}

Json plan_json(const ml::Prepared& prepared, const ml::Context& context) {
  const auto& plan = prepared.plan;
  const auto& network = *prepared.network;
  const auto ranks = static_cast<std::size_t>(context.ranks.world_size());
  const std::size_t cores = (ranks - (context.dedicated_driver() ? 1 : 0)) * context.threads.size();
  const double vector_bytes = static_cast<double>(network.parameter_floats()) * sizeof(float);
  const double lanes_a_thread = static_cast<double>((plan.lanes + cores - 1) / cores);
  Json json;
  json["ranks"] = ranks;
  json["threads"] = context.threads.size();
  json["training_rows"] = prepared.train.rows;
  json["validation_rows"] = prepared.validation.rows;
  json["test_rows"] = prepared.test.rows;
  json["partitions"] = plan.partitions;
  json["lanes"] = plan.lanes;
  json["lane_size"] = plan.lane_size;
  json["steps_per_epoch"] = plan.steps_per_epoch();
  const Json described = network_json(network);
  json["loss"] = described["loss"];
  json["parameters"] = described["parameters"];
  const VectorCosts costs = vector_costs(prepared, context);
  // Weights, packed weights, gradient sums of log2(lanes) + 2 lanes a thread, optimizer state of
  // the own share, activations, rows.
  const double gradients = (std::ceil(std::log2(std::max(1.0, lanes_a_thread))) + 2) *
                           vector_bytes * static_cast<double>(context.threads.size());
  const double rows_bytes =
      static_cast<double>(prepared.train.rows + prepared.validation.rows + prepared.test.rows) *
      static_cast<double>(network.input().size()) * sizeof(float) / static_cast<double>(ranks);
  json["memory_bytes_per_rank"] = static_cast<std::uint64_t>(
      2 * vector_bytes + gradients + costs.state_bytes +
      static_cast<double>(network.worker_bytes() * context.threads.size()) + rows_bytes);
  json["exchange_bytes_per_step_and_rank"] = static_cast<std::uint64_t>(costs.exchange_bytes);
  json["exchange_bytes_at_most"] = costs.at_most;
  json["layers"] = described["layers"];
  for (const auto& estimator : prepared.earlier) json["earlier"].push_back(earlier_json(estimator));
  json["advice"] = advice_for(prepared, cores);
  return json;
}

std::string network_text(const Json& json) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& layer : json["layers"]) {
    rows.push_back({layer["name"], layer["kind"], layer["output"],
                    count_text(layer["parameters"].get<std::uint64_t>()),
                    fmt::format("{:.3g}", layer["flops_per_row"].get<double>() / 1e6)});
  }
  return table({"layer", "kind", "output", "parameters", "Mflop/row"}, rows) +
         fmt::format("loss {}, {} parameters\n", json["loss"].get<std::string>(),
                     count_text(json["parameters"].get<std::uint64_t>()));
}

std::string earlier_text(const Json& json) {
  const auto number = [&](const char* key) { return json[key].get<std::uint64_t>(); };
  return fmt::format("{}, trained first\n", json["stage"].get<std::string>()) + network_text(json) +
         fmt::format("{} training rows, {} lanes of {} rows, {} steps an epoch\n\n",
                     count_text(number("training_rows")), number("lanes"), number("lane_size"),
                     count_text(number("steps_per_epoch")));
}

std::string plan_text(const Json& json) {
  std::string text;
  if (json.contains("earlier")) {
    for (const auto& earlier : json["earlier"]) text += earlier_text(earlier);
    text += "the last estimator\n";
  }
  text += network_text(json);
  const auto number = [&](const char* key) { return json[key].get<std::uint64_t>(); };
  text += fmt::format("rows: {} training, {} validation, {} test\n",
                      count_text(number("training_rows")), count_text(number("validation_rows")),
                      count_text(number("test_rows")));
  text +=
      fmt::format("{} partitions, {} lanes of {} rows, {} steps an epoch\n", number("partitions"),
                  number("lanes"), number("lane_size"), count_text(number("steps_per_epoch")));
  text += fmt::format(
      "{} ranks x {} threads: about {} of memory and {}{} exchanged a step by each rank\n",
      number("ranks"), number("threads"), bytes_text(json["memory_bytes_per_rank"].get<double>()),
      json["exchange_bytes_at_most"].get<bool>() ? "at most " : "",
      bytes_text(json["exchange_bytes_per_step_and_rank"].get<double>()));
  for (const auto& advice : json["advice"]) text += "advice: " + advice.get<std::string>() + "\n";
  return text;
}

ExitCode check(const ExperimentOptions& options, const CommonOptions& common,
               dist::Communicator& world) {
  const Config config = open_experiment(world, options);
  const Job job(world, common, config.experiment.cluster(), config.experiment.seed(),
                config_digest(config.experiment));
  const bool learns = ml::has_estimator(config.experiment);
  Json json;
  with_locations(config.locations, [&] {
    if (!learns) {
      json = feature_plan(job.context(), config.experiment);
      return;
    }
    const auto prepared = ml::prepare(job.context(), config.experiment);
    if (job.is_driver()) json = plan_json(*prepared, job.context());
  });
  if (!job.is_driver()) return ExitCode::Done;
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
