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
  bool reconstruction = false;
};

/// The CSV's rows as a table: row, label, prediction, and the probability of the prediction in
/// place of all of them.
std::string show_text(const std::string& csv) {
  auto lines = split(csv, '\n');
  const auto header = csv_cells(lines.at(0));
  std::size_t plain = 0;
  while (plain < header.size() && header[plain].find("probability_") != 0) ++plain;
  constexpr std::size_t kMostColumns = 12;
  std::vector<std::string> shown(
      header.begin(), header.begin() + static_cast<std::ptrdiff_t>(std::min(plain, kMostColumns)));
  const bool probabilities = plain < header.size();
  if (probabilities) shown.emplace_back("probability");
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto cells = csv_cells(lines[i]);
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

/// "code_3" -> "code"; empty if no number stands at the end.
std::string stem_of(const std::string& name) {
  const auto at = name.rfind('_');
  const bool numbered = at != std::string::npos && at + 1 < name.size() &&
                        name.find_first_not_of("0123456789", at + 1) == std::string::npos;
  return numbered ? name.substr(0, at) : "";
}

/// Cells [begin, end) of a line: one as it is, a vector as its first numbers.
std::string cell_text(const std::vector<std::string>& cells, std::size_t begin, std::size_t end,
                      bool vector) {
  constexpr std::size_t kMostNumbers = 4;
  if (!vector) return cells.at(begin);
  std::string text;
  for (std::size_t c = begin; c < std::min(end, begin + kMostNumbers); ++c)
    text += fmt::format("{}{:.4f}", c > begin ? ", " : "", std::stod(cells.at(c)));
  return fmt::format("[{}{}]", text, end - begin > kMostNumbers ? ", ..." : "");
}

/// The rows of an autoencoder's CSV as a table, a vector a cell.
std::string code_text(const std::string& csv) {
  std::vector<std::vector<std::string>> lines;
  for (const auto& line : split(csv, '\n')) lines.push_back(csv_cells(line));
  const auto& header = lines.at(0);
  std::vector<std::string> shown;
  std::vector<std::vector<std::string>> rows(lines.size() - 1);
  for (std::size_t begin = 0, end; begin < header.size(); begin = end) {
    const std::string stem = stem_of(header[begin]);
    end = begin + 1;
    while (!stem.empty() && end < header.size() && stem_of(header[end]) == stem) ++end;
    shown.push_back(stem.empty() ? header[begin] : stem);
    for (std::size_t i = 0; i < rows.size(); ++i)
      rows[i].push_back(cell_text(lines[i + 1], begin, end, !stem.empty()));
  }
  return table(shown, rows);
}

ExitCode predict(const PredictOptions& options, const CommonOptions& common,
                 dist::Communicator& world) {
  const Job job(world, common, {}, 0, "");
  const auto model = ml::LoadedModel::open(job.context(), options.model);
  ml::NetworkColumns columns;
  auto wanted = model->prediction_options();
  dist::all_or_none(world, [&] {
    if (options.reconstruction && wanted.autoencoder == nullptr)
      throw ConfigError("--reconstruction is for autoencoders, this is another model", {},
                        "leave it out");
  });
  wanted.reconstruction = options.reconstruction;
  const auto dataset = model->load(job.context(), options.data, columns);
  if (options.show > 0) {
    auto first = wanted;
    first.most = options.show;
    std::string csv;
    ml::write_predictions(job.context(), model->scorer(), dataset, columns, first,
                          [&](const std::string& text) { csv += text; });
    if (job.is_driver())
      std::cout << (wanted.autoencoder != nullptr ? code_text(csv) : show_text(csv)) << std::flush;
  }
  if (!options.output.empty()) {
    OutputFile file(world, options.output);
    ml::write_predictions(job.context(), model->scorer(), dataset, columns, wanted,
                          [&](const std::string& text) { file.append(text); });
    file.finish();
  } else if (options.show == 0) {
    ml::write_predictions(job.context(), model->scorer(), dataset, columns, wanted,
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
  command->add_flag("--reconstruction", options->reconstruction,
                    "of an autoencoder: also its input and what it made of it");
  add_common_options(*command, common);
  command->callback([options, &common, &chosen] {
    chosen = [options, &common](auto& world) { return predict(*options, common, world); };
  });
}

}  // namespace lockstep::apps
