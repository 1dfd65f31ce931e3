/// lockstep bench CONFIG: how fast a step is, where its time goes, and how that compares with the
/// bare oneDNN primitives.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/peak_memory.hpp"
#include "apps/startup.hpp"
#include "apps/step_profile.hpp"
#include "core/timeline.hpp"
#include "dist/session.hpp"
#include "layers/network.hpp"
#include "ml/network/network_estimator.hpp"
#include "ml/pipeline/experiment.hpp"

namespace lockstep::apps {
namespace {

struct BenchOptions {
  ExperimentOptions experiment;
  std::uint64_t steps = 60, warmup = 5;
  std::string exchange = "tree", rows = "auto", gather = "auto";
  bool profile = false;
  std::string trace;  // file; empty: none

  bool records() const { return profile || !trace.empty(); }
};

constexpr std::uint64_t kRecordedSteps = 20;  // at most

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n == 0 ? 0 : (values[(n - 1) / 2] + values[n / 2]) / 2;
}

/// One step's seconds by phase.
struct Sample {
  double step = 0, compute = 0, primitives = 0, exchange = 0, optimizer = 0, tree = 0;
};

dist::ExchangeMethod method_of(const std::string& name) {
  if (name == "direct") return dist::ExchangeMethod::Direct;
  if (name == "plain") return dist::ExchangeMethod::PlainAllreduce;
  return dist::ExchangeMethod::Tree;
}

dist::RowTransfer rows_of(const std::string& name) {
  if (name == "dense") return dist::RowTransfer::Dense;
  if (name == "sparse") return dist::RowTransfer::Sparse;
  return dist::RowTransfer::Automatic;
}

dist::RowGather gather_of(const std::string& name) {
  if (name == "values") return dist::RowGather::Values;
  if (name == "sums") return dist::RowGather::Sums;
  return dist::RowGather::Automatic;
}

/// What step i is told: a full batch of its own.
ml::StepInput terms_of(std::uint64_t i, ml::TrainingStep& step, const ml::StepPlan& plan) {
  const std::uint64_t full_batches =
      std::max<std::uint64_t>(1, plan.rows / (plan.lanes * plan.lane_size));
  ml::StepInput terms;
  terms.batch = i % full_batches;
  terms.sequence = terms.step = i;
  terms.learning_rate = step.optimizer().learning_rate();
  return terms;
}

/// Trains `steps` full steps and takes the time of each, as this rank sees it.
std::vector<Sample> measure(const ml::Context& context, ml::TrainingStep& step,
                            const ml::StepPlan& plan, const BenchOptions& options) {
  std::vector<Sample> samples;
  for (std::uint64_t i = 0; i < options.warmup + options.steps; ++i) {
    const auto terms = terms_of(i, step, plan);
    context.ranks.barrier();
    const auto before = step.seconds();
    const double tree = step.exchange().tree_seconds();
    const double start = clock_seconds();
    step.run(terms);
    const double seconds = clock_seconds() - start;
    const auto after = step.seconds();
    if (i < options.warmup) continue;
    samples.push_back({seconds, after.compute - before.compute,
                       after.primitives - before.primitives, after.exchange - before.exchange,
                       after.optimizer - before.optimizer, step.exchange().tree_seconds() - tree});
  }
  return samples;
}

/// Trains some more steps, and notes what each thread does.
RecordedSteps record(const ml::Context& context, ml::TrainingStep& step, const ml::StepPlan& plan,
                     const BenchOptions& options) {
  RecordedSteps recorded;
  recorded.threads.resize(context.threads.size());
  recorded.steps = std::min(options.steps, kRecordedSteps);
  recorded.lane_size = plan.lane_size;
  step.record(&recorded.threads);
  context.ranks.barrier();
  recorded.zero = clock_seconds();
  for (std::uint64_t i = 0; i < recorded.steps; ++i)
    step.run(terms_of(options.warmup + options.steps + i, step, plan));
  step.record(nullptr);
  return recorded;
}

double median_of(const std::vector<Sample>& samples, double Sample::*phase) {
  std::vector<double> values;
  for (const auto& sample : samples) values.push_back(sample.*phase);
  return median(values);
}

std::string text_of(const nlohmann::ordered_json& json) {
  const auto number = [&](const char* key) { return json[key].get<double>(); };
  const auto ms = [&](const char* key) { return number(key) * 1e3; };
  std::string text = fmt::format(
      "{}  {} ranks x {} threads  global batch {}  lane {}  exchange {}\n"
      "  {:>10.1f} samples/s  step {:.2f} ms = {:.2f} x primitives ({:.2f} ms)\n"
      "  compute {:.2f} ms (tree {:.2f} ms)  exchange {:.2f} ms, {:.2f} MB sent  optimizer {:.2f} "
      "ms  peak memory {:.0f} MB a rank\n",
      json["name"].get<std::string>(), json["ranks"].dump(), json["threads"].dump(),
      json["global_batch"].dump(), json["lane_size"].dump(), json["exchange"].get<std::string>(),
      number("samples_per_second"), ms("step_seconds"), number("step_to_primitives"),
      ms("primitives_seconds"), ms("compute_seconds"), ms("tree_seconds"), ms("exchange_seconds"),
      number("bytes_sent_per_step") / 1e6, ms("optimizer_seconds"), number("peak_rss_bytes") / 1e6);
  if (json.contains("profile")) text += "\n" + profile_text(json["profile"][0]);
  return text;
}

nlohmann::ordered_json result_of(const Config& config, const ml::Context& context,
                                 const ml::StepPlan& plan, const BenchOptions& options,
                                 const std::vector<Sample>& samples, std::int64_t peak) {
  const double step = median_of(samples, &Sample::step),
               primitives = median_of(samples, &Sample::primitives);
  const std::size_t batch = plan.lanes * plan.lane_size;
  return {{"name", config.experiment.name()},
          {"samples_per_second", static_cast<double>(batch) / step},
          {"step_seconds", step},
          {"primitives_seconds", primitives},
          {"step_to_primitives", primitives > 0 ? step / primitives : 0},
          {"compute_seconds", median_of(samples, &Sample::compute)},
          {"tree_seconds", median_of(samples, &Sample::tree)},
          {"exchange_seconds", median_of(samples, &Sample::exchange)},
          {"optimizer_seconds", median_of(samples, &Sample::optimizer)},
          {"exchange", options.exchange},
          {"steps", options.steps},
          {"global_batch", batch},
          {"lane_size", plan.lane_size},
          {"ranks", context.ranks.world_size()},
          {"threads", context.threads.size()},
          {"peak_rss_bytes", peak},
          {"instruction_set", layers::isa_name(layers::detected_isa())},
          {"library", layers::library_version()},
          {"version", binary_version()}};
}

/// @throws ConfigError unless it trains a network
ml::NetworkEstimator& network_of(ml::EstimatorStage& stage) {
  auto* network = dynamic_cast<ml::NetworkEstimator*>(&stage.estimator());
  if (network == nullptr)
    throw ConfigError("bench times the steps of a network; this estimator has none",
                      {.field = stage.at()}, "give an experiment that ends with a network");
  return *network;
}

ExitCode bench(const BenchOptions& options, const CommonOptions& common,
               dist::Communicator& world) {
  const Config config = open_experiment(world, options.experiment);
  const Runtime runtime(world, common, config.experiment.cluster(), config.experiment.seed(),
                        config_digest(config.experiment));
  nlohmann::ordered_json json;
  const auto tell = [&] {
    if (runtime.is_driver())
      std::cout << (common.json ? json.dump() + "\n" : text_of(json)) << std::flush;
  };
  with_locations(config.locations, [&] {
    const auto prepared = ml::prepare(runtime.context(), config.experiment);
    ml::Progress silent;
    ml::FitOptions how;
    how.untrained = true;
    ml::PipelineFit fit(runtime.context(), prepared->pipeline, prepared->rows(), how,
                        prepared->loading, silent, nullptr);
    const std::size_t last = prepared->pipeline.estimators().size() - 1;
    fit.run_to(last);
    const auto setup = network_of(*prepared->pipeline.judged().stage).set_up(fit.input_of(last));
    const auto& training = setup.training;
    auto exchange = ml::exchange_of(config.experiment);
    exchange.method = method_of(options.exchange);
    exchange.rows = rows_of(options.rows);
    exchange.gather = gather_of(options.gather);
    ml::TrainingStep step(runtime.context(), training.config, training.network, training.train,
                          training.columns, training.plan, exchange, nullptr, training.scale);
    const auto samples = measure(runtime.context(), step, training.plan, options);
    json = result_of(config, runtime.context(), training.plan, options, samples,
                     peak_rss_bytes(world));
    json["bytes_sent_per_step"] = step.exchange().bytes_sent() / (options.warmup + options.steps);
    if (!options.records()) return tell();
    const auto recorded = record(runtime.context(), step, training.plan, options);
    if (options.profile)
      json["profile"] = profile_of(runtime.context().ranks, training.network, recorded);
    tell();
    if (!options.trace.empty())
      write_trace(runtime.context().ranks, training.network, recorded, options.trace);
  });
  return ExitCode::Done;
}

}  // namespace

void add_bench_command(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto options = std::make_shared<BenchOptions>();
  auto* command = app.add_subcommand(
      "bench", "time training steps: samples/s, phases, ratio to the bare primitives");
  add_experiment_options(*command, options->experiment);
  command->add_option("--steps", options->steps, "steps to time (60)")->check(CLI::PositiveNumber);
  command
      ->add_option("--exchange", options->exchange,
                   "tree, direct, or plain: MPI's own sum in any order, to see what the tree costs")
      ->check(CLI::IsMember({"tree", "direct", "plain"}));
  command
      ->add_option("--rows", options->rows,
                   "how gradients of embeddings travel: auto, dense, or sparse (touched rows only)")
      ->check(CLI::IsMember({"auto", "dense", "sparse"}));
  command
      ->add_option("--gather", options->gather,
                   "what comes back of embeddings: auto, values of their owners, or sums, from "
                   "which every rank makes the values")
      ->check(CLI::IsMember({"auto", "values", "sums"}));
  command->add_flag("--profile", options->profile,
                    "also where a step's time goes: layers, input, sums, exchange, optimizer, "
                    "waiting; with --json of every rank");
  command->add_option("--trace", options->trace,
                      "write the last steps as a trace for Perfetto or chrome://tracing");
  add_common_options(*command, common);
  command->callback([options, &common, &chosen] {
    chosen = [options, &common](auto& world) { return bench(*options, common, world); };
  });
}

}  // namespace lockstep::apps
