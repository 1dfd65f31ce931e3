/// lockstep data convert SOURCE: writes the rows as CSV, TSV or libsvm, or keeps them parsed.

#include <fmt/format.h>

#include <iostream>

#include "apps/commands/data/file_format.hpp"
#include "apps/commands/data/rows.hpp"
#include "apps/output_file.hpp"
#include "apps/tables.hpp"
#include "data/storage/cache.hpp"
#include "ml/pipeline/transformed.hpp"

namespace lockstep::apps {
namespace {

struct ConvertOptions {
  DataOptions source;
  std::string output;
  FileFormat format;
};

/// Parses all files of the source into the cache, where the next job finds them.
ExitCode convert_to_cache(const ConvertOptions& options, const CommonOptions& common,
                          dist::Communicator& world) {
  Config config = open_source(world, options.source.experiment);
  auto& experiment = config.experiment;
  auto* cache = experiment.mutable_data()->mutable_cache();
  if (!options.output.empty()) cache->set_dir(options.output);
  const Runtime runtime(world, common, experiment.cluster(), experiment.seed(),
                        config_digest(experiment));
  std::uint64_t rows = 0;
  with_locations(config.locations,
                 [&] { rows = ml::load_into_cache(runtime.context(), experiment); });
  if (runtime.is_driver()) {
    std::cout << fmt::format("{} rows -> {}\n", count_text(rows),
                             cache->dir().empty() ? data::default_cache_folder() : cache->dir());
  }
  return ExitCode::Done;
}

ExitCode convert(const ConvertOptions& options, const CommonOptions& common,
                 dist::Communicator& world) {
  if (options.format.name == "cache") return convert_to_cache(options, common, world);
  const OpenedRows opened = open_rows(options.source, common, world);
  const auto& context = opened.runtime->context();
  const auto text = text_for(context, opened.rows.schema, options.format, options.output);
  if (options.output.empty()) {
    write_text(context, opened.rows, text, [](const std::string& lines) { std::cout << lines; });
    if (opened.runtime->is_driver()) std::cout << std::flush;
    return ExitCode::Done;
  }
  OutputFile file(world, options.output);
  write_text(context, opened.rows, text, [&](const std::string& lines) { file.append(lines); });
  file.finish();
  if (opened.runtime->is_driver())
    std::cout << fmt::format("{} rows -> {}\n", count_text(opened.rows.rows), options.output);
  return ExitCode::Done;
}

}  // namespace

void add_data_convert(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto options = std::make_shared<ConvertOptions>();
  auto* command = app.add_subcommand(
      "convert", "writes the rows, behind the experiment's feature stages, in their order");
  add_data_options(*command, options->source, common);
  command->add_option("--output", options->output,
                      "file to write, or with --format cache the cache's folder; default: standard "
                      "output, and the cache that jobs use");
  add_format_options(*command, options->format, {"cache"});
  command->footer(
      "--format cache keeps the rows of all files as they are parsed, before any feature stage; "
      "jobs of the same\nconfig find them there.");
  command->callback([options, &common, &chosen] {
    chosen = [options, &common](auto& world) { return convert(*options, common, world); };
  });
}

}  // namespace lockstep::apps
