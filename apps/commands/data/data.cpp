/// lockstep data: looks at rows and writes them, without training anything.

#include "apps/commands/data/rows.hpp"

namespace lockstep::apps {

void add_data_command(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto* command =
      app.add_subcommand("data", "looks at rows and writes them: stats, head, convert, split");
  command->require_subcommand(1);
  add_data_stats(*command, common, chosen);
  add_data_head(*command, common, chosen);
  add_data_convert(*command, common, chosen);
  add_data_split(*command, common, chosen);
  add_data_load(*command, common, chosen);
  add_data_cache(*command, common, chosen);
}

}  // namespace lockstep::apps
