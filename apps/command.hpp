#pragma once
/// The subcommands of the lockstep executable, and what they share. To add one: its file in
/// apps/commands/, one line here, one line in main.cpp.

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "dist/communicator.hpp"

namespace lockstep::apps {

/// Options that every command takes.
struct CommonOptions {
  std::size_t threads = 0;  ///< 0: the cores given to the rank
  bool verbose = false;
  bool json = false;
  bool check_collectives = false;
};

/// What the command line chose: runs on every rank.
using Command = std::function<ExitCode(dist::Communicator& world)>;

void add_train_command(CLI::App& app, CommonOptions& common, Command& chosen);
void add_predict_command(CLI::App& app, CommonOptions& common, Command& chosen);
void add_evaluate_command(CLI::App& app, CommonOptions& common, Command& chosen);
void add_check_command(CLI::App& app, CommonOptions& common, Command& chosen);
void add_show_command(CLI::App& app, CommonOptions& common, Command& chosen);
void add_bench_command(CLI::App& app, CommonOptions& common, Command& chosen);
void add_data_command(CLI::App& app, CommonOptions& common, Command& chosen);

/// Adds --threads, --verbose, --json and --check-collectives to a command.
void add_common_options(CLI::App& command, CommonOptions& options);

}  // namespace lockstep::apps
