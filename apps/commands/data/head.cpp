/// lockstep data head SOURCE: the first rows as a table.

#include <iostream>

#include "apps/commands/data/rows.hpp"
#include "apps/tables.hpp"
#include "data/ordered_output.hpp"
#include "data/row_text.hpp"

namespace lockstep::apps {
namespace {

ExitCode head(const DataOptions& options, std::uint64_t most, const CommonOptions& common,
              dist::Communicator& world) {
  constexpr std::size_t kMostCharacters = 40;
  constexpr char kBetween = '\x1f';  // a character that no cell shows
  const OpenedRows opened = open_rows(options, common, world);
  const auto& context = opened.runtime->context();
  const auto& schema = opened.rows.schema;
  const auto line = [&](const data::Partition& partition, std::size_t row) {
    std::string text = std::to_string(partition.row_ids[row] + 1);
    for (const auto& [name, type] : schema.columns())
      text += kBetween + data::cell_text(type, partition.column(name), row, kMostCharacters);
    return text + "\n";
  };
  std::vector<std::string> header{"row"};
  for (const auto& name : schema.names()) header.push_back(name);
  std::vector<std::vector<std::string>> rows;
  data::write_rows(context, opened.rows, most, line, [&](const std::string& text) {
    for (const auto& row : split(text, '\n')) rows.push_back(split(row, kBetween));
  });
  if (opened.runtime->is_driver()) std::cout << table(header, rows) << std::flush;
  return ExitCode::Done;
}

}  // namespace

void add_data_head(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto options = std::make_shared<DataOptions>();
  auto most = std::make_shared<std::uint64_t>(10);
  auto* command = app.add_subcommand("head", "the first rows as a table");
  command->add_option("--rows", *most, "how many")->check(CLI::Range(1, 1000000));
  add_data_options(*command, *options, common);
  command->callback([options, most, &common, &chosen] {
    chosen = [options, most, &common](auto& world) { return head(*options, *most, common, world); };
  });
}

}  // namespace lockstep::apps
