/// lockstep evaluate MODEL --data FILE: the metrics of a model on labelled rows.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/startup.hpp"
#include "apps/tables.hpp"
#include "dist/session.hpp"
#include "ml/pipeline/loaded_model.hpp"
#include "ml/pipeline/metrics_json.hpp"

namespace lockstep::apps {
namespace {

struct EvaluateOptions {
  std::string model, data;
};

/// COLLECTIVE. @throws AgreedError if the rows have no label, or an evaluator does not fit the
/// model
std::vector<ml::MakeSums> evaluators_of(const ml::Context& context, const ml::LoadedModel& model,
                                        const ml::PredictionColumns& columns,
                                        const std::string& data) {
  std::vector<ml::MakeSums> evaluators;
  dist::all_or_none(context.ranks, [&] {
    const auto& wanted = model.pipeline().judged().stage->model().columns();
    const auto& configs = model.saved().evaluate();
    if (!wanted.label.empty() && columns.label.empty())
      throw DataError(fmt::format("{} has no labels to compare with", data), {.file = data},
                      "use lockstep predict");
    const auto binary =
        std::any_of(configs.begin(), configs.end(), [](const auto& e) { return e.has_binary(); });
    if (binary && !wanted.anomaly.empty() && columns.anomaly.empty())
      throw DataError(fmt::format("{} does not tell the known anomalies: it has no column '{}'",
                                  data, wanted.anomaly),
                      {.file = data}, "use lockstep predict");
    evaluators = ml::make_evaluators(configs, columns);
  });
  return evaluators;
}

ExitCode evaluate(const EvaluateOptions& options, const CommonOptions& common,
                  dist::Communicator& world) {
  const Runtime runtime(world, common, {}, 0, "");
  const auto model = ml::LoadedModel::open(runtime.context(), options.model);
  model->add_all_columns();
  const auto rows = model->predict(runtime.context(), options.data, /*judging=*/true);
  const auto evaluators = evaluators_of(runtime.context(), *model, rows.columns, options.data);
  const auto metrics =
      to_json(ml::evaluate(runtime.context(), rows.dataset, rows.columns, evaluators));
  if (runtime.is_driver())
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
