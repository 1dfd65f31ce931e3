/// lockstep data cache: the parsed datasets that are kept on disk.

#include "data/storage/cache.hpp"

#include <fmt/format.h>

#include <iostream>

#include "apps/command.hpp"
#include "apps/tables.hpp"
#include "dist/session.hpp"

namespace lockstep::apps {
namespace {

ExitCode cache(const std::string& folder, bool clear, dist::Communicator& world) {
  dist::all_or_none(world, [&] {
    if (world.rank() != 0) return;
    const std::string where = folder.empty() ? data::default_cache_folder() : folder;
    if (clear) {
      std::cout << fmt::format("{}: {} removed\n", where,
                               bytes_text(static_cast<double>(data::clear_cache(where))));
      return;
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& dataset : data::list_cache(where)) {
      rows.push_back({dataset.digest, count_text(dataset.rows),
                      bytes_text(static_cast<double>(dataset.size_bytes)), dataset.name});
    }
    std::cout << where << "\n" << table({"dataset", "rows", "size", "source"}, rows) << std::flush;
  });
  return ExitCode::Done;
}

}  // namespace

void add_data_cache(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto folder = std::make_shared<std::string>();
  auto clear = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("cache", "the parsed datasets that are kept on disk");
  command->add_option("--dir", *folder, "the cache; default: $LOCKSTEP_CACHE or ~/.cache/lockstep");
  command->add_flag("--clear", *clear, "remove them all");
  add_common_options(*command, common);
  command->callback([folder, clear, &chosen] {
    chosen = [folder, clear](auto& world) { return cache(*folder, *clear, world); };
  });
}

}  // namespace lockstep::apps
