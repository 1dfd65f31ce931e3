/// lockstep data load SOURCE: reads the rows, and says how fast.

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/commands/data/rows.hpp"
#include "apps/peak_memory.hpp"
#include "apps/tables.hpp"
#include "ml/pipeline/transformed.hpp"

namespace lockstep::apps {
namespace {

using Json = nlohmann::ordered_json;

ExitCode load(const DataOptions& options, const CommonOptions& common, dist::Communicator& world) {
  const Config config = open_source(world, options.experiment);
  const Runtime runtime(world, common, config.experiment.cluster(), config.experiment.seed(),
                        config_digest(config.experiment));
  ml::TimedLoad timed;
  with_locations(config.locations,
                 [&] { timed = ml::load_timed(runtime.context(), config.experiment); });
  const std::int64_t peak = peak_rss_bytes(world);
  if (!runtime.is_driver()) return ExitCode::Done;
  const auto& times = timed.times;
  const double bytes = static_cast<double>(times.source_bytes);
  const double seconds = times.from_cache ? times.cache_seconds : times.parse_seconds;
  Json json{{"rows", timed.rows},
            {"source_bytes", times.source_bytes},
            {"from_cache", times.from_cache},
            {"parse_seconds", times.parse_seconds},
            {"move_seconds", times.move_seconds},
            {"cache_seconds", times.cache_seconds},
            {"megabytes_per_second", bytes / 1e6 / seconds},
            {"ranks", world.world_size()},
            {"threads", runtime.context().threads.size()},
            {"peak_rss_bytes", peak}};
  if (common.json) {
    std::cout << json.dump() << std::endl;
    return ExitCode::Done;
  }
  std::cout << fmt::format("{} rows, {} {} in {:.3f} s: {:.0f} MB/s", count_text(timed.rows),
                           bytes_text(bytes), times.from_cache ? "found in the cache" : "parsed",
                           seconds, bytes / 1e6 / seconds);
  if (!times.from_cache) std::cout << fmt::format("; moved in {:.3f} s", times.move_seconds);
  std::cout << fmt::format("\n{} ranks x {} threads, at most {} of memory in use by a rank\n",
                           world.world_size(), runtime.context().threads.size(),
                           bytes_text(static_cast<double>(peak)));
  return ExitCode::Done;
}

}  // namespace

void add_data_load(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto options = std::make_shared<DataOptions>();
  auto* command = app.add_subcommand("load", "reads the rows, and says how fast");
  add_data_options(*command, *options, common);
  command->callback([options, &common, &chosen] {
    chosen = [options, &common](auto& world) { return load(*options, common, world); };
  });
}

}  // namespace lockstep::apps
