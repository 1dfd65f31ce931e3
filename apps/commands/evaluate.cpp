/// lockstep evaluate MODEL --data FILE: the metrics of a model on labelled rows.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/startup.hpp"
#include "apps/tables.hpp"
#include "core/log.hpp"
#include "dist/session.hpp"
#include "ml/loaded_model.hpp"

namespace lockstep::apps {
namespace {

struct EvaluateOptions {
  std::string model, data;
};

/// COLLECTIVE. @throws AgreedError if the rows have no label, or an evaluator does not fit the
/// model
std::vector<ml::MakeSums> evaluators_of(const ml::Context& context, const ml::LoadedModel& model,
                                        const ml::NetworkColumns& columns,
                                        const std::string& data) {
  std::vector<ml::MakeSums> evaluators;
  dist::all_or_none(context.ranks, [&] {
    if (columns.label.empty())
      throw DataError(fmt::format("{} has no labels to compare with", data), {.file = data},
                      "use lockstep predict");
    const auto& configs = model.pipeline().evaluate();
    const auto binary =
        std::any_of(configs.begin(), configs.end(), [](const auto& e) { return e.has_binary(); });
    if (model.estimator().has_autoencoder() && binary && columns.anomaly_label.empty())
      throw DataError(fmt::format("{} does not tell the known anomalies: it has no column '{}'",
                                  data, model.estimator().autoencoder().label_col()),
                      {.file = data}, "use lockstep predict");
    evaluators = ml::make_evaluators(configs, model.network());
  });
  return evaluators;
}

ExitCode evaluate(const EvaluateOptions& options, const CommonOptions& common,
                  dist::Communicator& world) {
  const Job job(world, common, {}, 0, "");
  const auto model = ml::LoadedModel::open(job.context(), options.model);
  ml::NetworkColumns columns;
  auto dataset = model->load(job.context(), options.data, columns);
  const auto evaluators = evaluators_of(job.context(), *model, columns, options.data);
  const auto dropped = ml::drop_unlabelled(job.context(), dataset, columns);
  if (dropped > 0) log::info("{}: {} rows have no label and are left out", options.data, dropped);
  ml::LossSums sums;
  const auto metrics =
      ml::evaluate(job.context(), model->scorer(), dataset, columns, evaluators, sums);
  if (job.is_driver())
    std::cout << (common.json ? metrics.dump() + "\n" : metrics_text(metrics)) << std::flush;
  return ExitCode::Done;
}

}  // namespace

void add_evaluate_command(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto options = std::make_shared<EvaluateOptions>();
  auto* command = app.add_subcommand("evaluate", "metrics of a trained model on a file");
  command->add_option("MODEL", options->model, "run folder or model folder")->required();
  command->add_option("--data", options->data, "file of labelled rows")->required();
  add_common_options(*command, common);
  command->callback([options, &common, &chosen] {
    chosen = [options, &common](auto& world) { return evaluate(*options, common, world); };
  });
}

}  // namespace lockstep::apps
