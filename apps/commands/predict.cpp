/// lockstep predict MODEL --data FILE: predictions in the order of the file, as CSV or a small
/// table.

#include <fmt/format.h>

#include <iostream>

#include "apps/output_file.hpp"
#include "apps/startup.hpp"
#include "apps/tables.hpp"
#include "dist/session.hpp"
#include "ml/pipeline/loaded_model.hpp"

namespace lockstep::apps {
namespace {

struct PredictOptions {
  std::string model, data, output;
  std::uint64_t show = 0;
  bool reconstruction = false;
};

ExitCode predict(const PredictOptions& options, const CommonOptions& common,
                 dist::Communicator& world) {
  const Runtime runtime(world, common, {}, 0, "");
  const auto& context = runtime.context();
  const auto model = ml::LoadedModel::open(context, options.model);
  dist::all_or_none(world, [&] {
    const auto task = model->pipeline().judged().stage->model().columns().task;
    if (options.reconstruction && task != ml::Task::Reconstruction)
      throw ConfigError("--reconstruction is for autoencoders, this is another model", {},
                        "leave it out");
  });
  if (options.reconstruction) model->add_all_columns();
  const auto rows = model->predict(context, options.data, /*judging=*/false);
  if (options.show > 0) {
    const auto cells = ml::first_predictions(context, rows.dataset, rows.table, options.show);
    if (runtime.is_driver())
      std::cout << table(cells.front(), {cells.begin() + 1, cells.end()}) << std::flush;
  }
  if (!options.output.empty()) {
    OutputFile file(world, options.output);
    ml::write_predictions(context, rows.dataset, rows.table,
                          [&](const std::string& text) { file.append(text); });
    file.finish();
  } else if (options.show == 0) {
    ml::write_predictions(context, rows.dataset, rows.table,
                          [](const std::string& text) { std::cout << text; });
    if (runtime.is_driver()) std::cout << std::flush;
  }
  return ExitCode::Done;
}

}  // namespace

void add_predict_command(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto options = std::make_shared<PredictOptions>();
  auto* command = app.add_subcommand("predict", "predictions of a trained model for a file");
  command->add_option("MODEL", options->model, "run folder or model folder")->required();
  command->add_option("--data", options->data, "file of rows")->required();
  command->add_option("--output", options->output, "CSV file to write; default: standard output");
  command->add_option("--show", options->show, "print a table of the first N rows");
  command->add_flag("--reconstruction", options->reconstruction,
                    "of an autoencoder: also its input and what it made of it");
  add_common_options(*command, common);
  command->callback([options, &common, &chosen] {
    chosen = [options, &common](auto& world) { return predict(*options, common, world); };
  });
}

}  // namespace lockstep::apps
