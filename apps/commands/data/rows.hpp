#pragma once
/// What the subcommands of `lockstep data` share: which rows they look at, and their parts. To add
/// one: its file in apps/commands/data/, one line here, one line in data.cpp.

#include <memory>
#include <string>

#include "apps/startup.hpp"
#include "data/dataset.hpp"

namespace lockstep::apps {

/// Which rows a command looks at.
struct DataOptions {
  ExperimentOptions experiment;  ///< its config: an experiment or a file of rows
  std::string part = "train";
  bool raw = false;
};

/// SOURCE, --set, --data, --test, --no-cache and the common options.
void add_source_options(CLI::App& command, ExperimentOptions& options, CommonOptions& common);

/// The same, with --part and --raw.
void add_data_options(CLI::App& command, DataOptions& options, CommonOptions& common);

/// The rows on all ranks, for the length of a command.
struct OpenedRows {
  Config config;
  std::unique_ptr<Runtime> runtime;
  data::Dataset rows;
};

/// COLLECTIVE. @throws AgreedError
OpenedRows open_rows(const DataOptions& options, const CommonOptions& common,
                     dist::Communicator& world);

void add_data_stats(CLI::App& app, CommonOptions& common, Command& chosen);
void add_data_head(CLI::App& app, CommonOptions& common, Command& chosen);
void add_data_convert(CLI::App& app, CommonOptions& common, Command& chosen);
void add_data_split(CLI::App& app, CommonOptions& common, Command& chosen);
void add_data_load(CLI::App& app, CommonOptions& common, Command& chosen);
void add_data_cache(CLI::App& app, CommonOptions& common, Command& chosen);

}  // namespace lockstep::apps
