#include "apps/commands/data/rows.hpp"

#include "ml/pipeline/transformed.hpp"

namespace lockstep::apps {
namespace {

ml::Rows rows_of(const std::string& part) {
  return part == "test"         ? ml::Rows::Test
         : part == "validation" ? ml::Rows::Validation
                                : ml::Rows::Train;
}

}  // namespace

void add_source_options(CLI::App& command, ExperimentOptions& options, CommonOptions& common) {
  command
      .add_option("SOURCE", options.config,
                  "experiment file (.textproto), or a file of rows (libsvm, CSV, TSV, text, JSON "
                  "lines, idx)")
      ->required();
  add_override_options(command, options);
  add_common_options(command, common);
}

void add_data_options(CLI::App& command, DataOptions& options, CommonOptions& common) {
  add_source_options(command, options.experiment, common);
  command.add_option("--part", options.part, "rows of an experiment: train, validation or test")
      ->check(CLI::IsMember({"train", "validation", "test"}));
  command.add_flag("--raw", options.raw, "the rows as the files have them, without feature stages");
}

OpenedRows open_rows(const DataOptions& options, const CommonOptions& common,
                     dist::Communicator& world) {
  OpenedRows opened;
  opened.config = open_source(world, options.experiment);
  const auto& experiment = opened.config.experiment;
  opened.runtime = std::make_unique<Runtime>(world, common, experiment.cluster(), experiment.seed(),
                                             config_digest(experiment));
  with_locations(opened.config.locations, [&] {
    opened.rows = ml::load_transformed(opened.runtime->context(), experiment, rows_of(options.part),
                                       options.raw);
  });
  return opened;
}

}  // namespace lockstep::apps
