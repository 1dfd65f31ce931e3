#include "apps/cli.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>

#include "apps/command.hpp"
#include "apps/startup.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/names.hpp"
#include "dist/session.hpp"
#include "layers/network.hpp"

namespace lockstep::apps {
namespace {

void add_commands(CLI::App& app, CommonOptions& common, Command& chosen) {
  add_train_command(app, common, chosen);
  add_predict_command(app, common, chosen);
  add_evaluate_command(app, common, chosen);
  add_check_command(app, common, chosen);
  add_show_command(app, common, chosen);
  add_bench_command(app, common, chosen);
  add_data_command(app, common, chosen);
}

/// A mistyped subcommand is the commonest mistake: name the nearest one.
std::string advice_for(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> known;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(command->get_name());
  if (argc < 2 || argv[1][0] == '-' ||
      std::find(known.begin(), known.end(), argv[1]) != known.end())
    return "";
  return fmt::format("unknown command '{}'; {}\n", argv[1], suggest(argv[1], known));
}

/// @throws FileError unless all results have reached standard output
void require_written() {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout) return;
  throw FileError(
      "the results could not be written to standard output: is a disk full, or was a pipe closed?",
      {}, "write them elsewhere, for example with --output");
}

ExitCode parse_and_run(int argc, char** argv, dist::Communicator& world) {
  CLI::App app(
      "Trains models over MPI ranks; the number of ranks, threads or hosts never changes a bit of "
      "the result.\n"
      "Works alone or under mpirun and srun:  mpirun -n 4 lockstep train CONFIG",
      "lockstep");
  Command chosen;
  CommonOptions common;
  add_commands(app, common, chosen);
  app.require_subcommand(1);
  app.set_version_flag("--version", [] {
    return fmt::format("lockstep {} ({})", binary_version(), layers::library_version());
  });
  app.footer(
      "Fields of a config: docs/config.md. Exit codes: 0 done, 2 config or usage, 3 data, 4 files, "
      "5 NaN or infinite loss,\n"
      "6 a rank or the network failed, 75 stopped by a signal after a checkpoint.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;  // --help, --version
    if (world.rank() == 0) {
      if (!asked) std::cerr << advice_for(app, argc, argv);
      app.exit(error, std::cout, std::cerr);
    }
    return asked ? ExitCode::Done : ExitCode::Config;
  }
  log::start(world.rank(), common.verbose);
  const ExitCode code = chosen(world);
  dist::all_or_none(world, [] { require_written(); });
  return code;
}

}  // namespace

int run(int argc, char** argv) {
  return dist::run_session(
      argc, argv, [&](dist::Communicator& world) { return parse_and_run(argc, argv, world); });
}

}  // namespace lockstep::apps
