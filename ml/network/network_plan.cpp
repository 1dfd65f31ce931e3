#include "ml/network/network_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ml/network/optimizer.hpp"
#include "ml/network/sparse_blocks.hpp"

namespace lockstep::ml {
namespace {

/// What is bad about this plan on these cores, and what to do.
std::vector<std::string> advice_for(const TrainingInput& training, std::size_t cores) {
  std::vector<std::string> advice;
  const auto& plan = training.plan;
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
  if (plan.rows < batch)
    advice.push_back(
        fmt::format("a global batch of {} is more than the {} training rows", batch, plan.rows));
  bool dense_heavy = false;
  for (const auto& layer : training.network.summary())
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

VectorCosts vector_costs(const TrainingInput& training, const Context& context) {
  const auto& network = training.network;
  const auto ranks = static_cast<std::size_t>(context.ranks.world_size());
  const auto optimizer = make_optimizer(training.config.optimizer(), 0);
  const auto blocks = sparse_blocks(network, *optimizer, {}, context.ranks);
  double dense = static_cast<double>(network.parameter_floats()), everywhere = 0;
  for (const auto& [block, gather_sums] : blocks) {
    dense -= static_cast<double>(block.rows * block.width);
    if (gather_sums) everywhere += static_cast<double>(block.rows * block.width);
  }
  const double share = 1 / static_cast<double>(ranks);
  const double own = (static_cast<double>(network.parameter_floats()) - everywhere) * share;
  const auto& plan = training.plan;
  VectorCosts costs;
  costs.state_bytes = 2 * (own + everywhere) * sizeof(float);
  // Reduce-scatter and allgather move (ranks - 1) / ranks of the vector each.
  costs.exchange_bytes =
      (2 * dense * (1 - share) +
       most_floats_sent(network, blocks, plan.lanes * plan.lane_size * plan.accumulate, ranks)) *
      sizeof(float);
  costs.at_most = !blocks.empty();
  return costs;
}

/// Weights, packed weights, gradient sums of log2(lanes) + 2 lanes a thread, optimizer state of the
/// own share, activations, rows.
double memory_bytes(const TrainingInput& training, const Context& context, std::size_t cores,
                    const VectorCosts& costs) {
  const auto& network = training.network;
  const auto threads = static_cast<double>(context.threads.size());
  const double vector_bytes = static_cast<double>(network.parameter_floats()) * sizeof(float);
  const double lanes_a_thread = static_cast<double>((training.plan.lanes + cores - 1) / cores);
  const double gradients =
      (std::ceil(std::log2(std::max(1.0, lanes_a_thread))) + 2) * vector_bytes * threads;
  const std::uint64_t rows =
      training.train.rows + (training.validation != nullptr ? training.validation->rows : 0);
  const double rows_bytes = static_cast<double>(rows * network.input().size()) * sizeof(float) /
                            context.ranks.world_size();
  return 2 * vector_bytes + gradients + costs.state_bytes +
         static_cast<double>(network.worker_bytes()) * threads + rows_bytes;
}

}  // namespace

Description plan_of(const TrainingInput& training, const Context& context) {
  const auto& plan = training.plan;
  const auto& network = training.network;
  const auto computing =
      static_cast<std::size_t>(context.ranks.world_size()) - (context.dedicated_driver() ? 1 : 0);
  const std::size_t cores = computing * context.threads.size();
  const VectorCosts costs = vector_costs(training, context);
  Description description;
  description.fact("training_rows", plan.rows);
  description.fact("lanes", std::uint64_t{plan.lanes});
  description.fact("lane_size", std::uint64_t{plan.lane_size});
  description.fact("steps_per_epoch", plan.steps_per_epoch());
  description.fact("loss", network.loss_name());
  description.fact("parameters", std::uint64_t{network.parameter_count()});
  description.fact("memory_bytes_per_rank",
                   static_cast<std::uint64_t>(memory_bytes(training, context, cores, costs)));
  description.fact("exchange_bytes_per_step_and_rank",
                   static_cast<std::uint64_t>(costs.exchange_bytes));
  description.fact("exchange_bytes_at_most", costs.at_most);
  Description::Table layers{
      "layers", {"name", "kind", "output", "parameters", "flops_per_row"}, {}};
  for (const auto& layer : network.summary()) {
    layers.rows.push_back({layer.name, layer.kind, to_string(layer.output),
                           std::uint64_t{layer.parameters}, layer.flops});
  }
  description.tables.push_back(std::move(layers));
  description.advice = advice_for(training, cores);
  return description;
}

}  // namespace lockstep::ml
