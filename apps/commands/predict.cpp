/// lockstep predict MODEL --data FILE: predictions in the order of the file, as CSV or a small
/// table.

#include <fmt/format.h>

#include <iostream>

#include "apps/output_file.hpp"
#include "apps/startup.hpp"
#include "apps/tables.hpp"
#include "dist/session.hpp"
#include "ml/loaded_model.hpp"

namespace lockstep::apps {
namespace {

struct PredictOptions {
  std::string model, data, output;
  std::uint64_t show = 0;
};

/// The CSV's rows as a table: row, label, prediction, and the probability of the prediction in
/// place of all of them.
std::string show_text(const std::string& csv) {
  auto lines = split(csv, '\n');
  const auto header = split(lines.at(0), ',');
  std::size_t plain = 0;
  while (plain < header.size() && header[plain].find("probability_") != 0) ++plain;
  constexpr std::size_t kMostColumns = 12;
  std::vector<std::string> shown(
      header.begin(), header.begin() + static_cast<std::ptrdiff_t>(std::min(plain, kMostColumns)));
  const bool probabilities = plain < header.size();
  if (probabilities) shown.emplace_back("probability");
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto cells = split(lines[i], ',');
    rows.emplace_back(cells.begin(),
                      cells.begin() + static_cast<std::ptrdiff_t>(std::min(plain, kMostColumns)));
    if (!probabilities) continue;
    double best = 0;
    for (std::size_t c = plain; c < cells.size(); ++c) best = std::max(best, std::stod(cells[c]));
    if (cells.size() == plain + 1 && best < 0.5) best = 1 - best;  // one probability, of class 1
    rows.back().push_back(fmt::format("{:.4f}", best));
  }
  return table(shown, rows);
}

ExitCode predict(const PredictOptions& options, const CommonOptions& common,
                 dist::Communicator& world) {
  const Job job(world, common, {}, 0, "");
  const auto model = ml::LoadedModel::open(job.context(), options.model);
  ml::NetworkColumns columns;
  const auto dataset = model->load(job.context(), options.data, columns);
  if (options.show > 0) {
    std::string csv;
    ml::write_predictions(job.context(), model->scorer(), dataset, columns, options.show,
                          [&](const std::string& text) { csv += text; });
    if (job.is_driver()) std::cout << show_text(csv) << std::flush;
  }
  if (!options.output.empty()) {
    OutputFile file(world, options.output);
    ml::write_predictions(job.context(), model->scorer(), dataset, columns, 0,
                          [&](const std::string& text) { file.append(text); });
    file.finish();
  } else if (options.show == 0) {
    ml::write_predictions(job.context(), model->scorer(), dataset, columns, 0,
                          [](const std::string& text) { std::cout << text; });
    if (job.is_driver()) std::cout << std::flush;
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
  add_common_options(*command, common);
  command->callback([options, &common, &chosen] {
    chosen = [options, &common](auto& world) { return predict(*options, common, world); };
  });
}

}  // namespace lockstep::apps
