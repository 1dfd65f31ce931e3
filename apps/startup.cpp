#include "apps/startup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "core/files.hpp"
#include "core/log.hpp"
#include "core/process_memory.hpp"
#include "data/dataset.hpp"
#include "dist/session.hpp"
#include "layers/network.hpp"
#include "ml/pipeline/experiment.hpp"

namespace lockstep::apps {
namespace {

/// COLLECTIVE. The configured count, or the cores of this rank: its affinity mask, shared with the
/// other ranks of the host if they are bound to the same cores. The same on every rank: the least.
std::size_t agree_on_threads(const dist::Communicator& world, std::size_t configured) {
  const std::string host = dist::host_name();
  const auto hosts = world.allgather(std::as_bytes(std::span(host.data(), host.size())));
  const auto on_host = static_cast<std::size_t>(std::count(hosts.begin(), hosts.end(), host));
  const std::size_t cores = available_cores();
  const std::size_t online = std::max<std::size_t>(1, std::thread::hardware_concurrency());
  const std::size_t own = cores * on_host > online ? cores / on_host : cores;
  std::int64_t threads[] = {
      static_cast<std::int64_t>(configured > 0 ? configured : std::max<std::size_t>(1, own))};
  world.allreduce_min(threads);
  return static_cast<std::size_t>(threads[0]);
}

/// Puts --data and --test in place of the config's files.
void replace_files(const ExperimentOptions& options, proto::Experiment& experiment,
                   Problems& problems) {
  auto* data = experiment.mutable_data();
  const auto replace = [&](const std::string& path, const proto::Source& like) {
    return like.kind_case() == proto::Source::KIND_NOT_SET || like.has_synthetic()
               ? data::guess_source(path)
               : data::with_path(like, path);
  };
  try {
    if (!options.data.empty()) *data->mutable_train() = replace(options.data, data->train());
    if (!options.test.empty())
      *data->mutable_test() =
          replace(options.test, data->has_test() ? data->test() : data->train());
  } catch (const Error& error) {
    problems.add_at(error.where(), error.what(), error.advice());
  }
}

Check check_of(const ExperimentOptions& options) {
  return [&](const proto::Experiment& experiment, Problems& problems) {
    ml::check_experiment(experiment, problems, options.needs_estimator);
  };
}

/// An experiment that reads a file of rows. Driver only.
Config experiment_around(const ExperimentOptions& options) {
  Config config;
  config.experiment.set_name("data");
  *config.experiment.mutable_data()->mutable_train() = data::guess_source(options.config);
  Problems problems;
  for (const auto& assignment : options.overrides)
    apply_override(config.experiment, assignment, problems);
  check_ranges(config.experiment, "", problems);
  check_of(options)(config.experiment, problems);
  problems.throw_if_any(config.locations);
  return config;
}

/// COLLECTIVE. What the driver loads, with other files and without the cache if the options say so.
Config open_config(const dist::Communicator& world, const ExperimentOptions& options,
                   const std::function<Config()>& load) {
  Config config;
  dist::all_or_none(world, [&] {
    if (world.rank() != 0) return;
    config = load();
    Problems problems;
    replace_files(options, config.experiment, problems);
    if (options.no_cache) config.experiment.mutable_data()->mutable_cache()->set_enabled(false);
    problems.throw_if_any(config.locations);
  });
  std::string bytes = config.experiment.SerializeAsString();
  world.broadcast(bytes);
  config.experiment.ParseFromString(bytes);
  return config;
}

}  // namespace

void add_common_options(CLI::App& command, CommonOptions& options) {
  command
      .add_option("--threads", options.threads,
                  "compute threads a rank; default: the cores given to the rank")
      ->check(CLI::Range(1, 4096));
  command.add_flag("--verbose", options.verbose, "log every rank, with details");
  command.add_flag("--json", options.json, "print the result as one JSON object");
  command.add_flag("--check-collectives", options.check_collectives,
                   "compare every collective over the ranks first (slow)");
}

void add_experiment_options(CLI::App& command, ExperimentOptions& options) {
  command.add_option("CONFIG", options.config, "experiment file (.textproto)")->required();
  add_override_options(command, options);
}

void add_override_options(CLI::App& command, ExperimentOptions& options) {
  command
      .add_option("--set", options.overrides, "override a field, as path=value; may be repeated")
      ->allow_extra_args(false);
  command.add_option("--data", options.data, "training file in place of the config's");
  command.add_option("--test", options.test, "test file in place of the config's");
  command.add_flag("--no-cache", options.no_cache, "parse the files, do not look for parsed rows");
}

Config open_experiment(const dist::Communicator& world, const ExperimentOptions& options) {
  return open_config(world, options, [&] {
    return load_config(options.config, options.overrides, check_of(options));
  });
}

Config open_source(const dist::Communicator& world, ExperimentOptions options) {
  options.needs_estimator = false;
  if (options.config.ends_with(".textproto")) return open_experiment(world, options);
  return open_config(world, options, [&] { return experiment_around(options); });
}

Runtime::Runtime(dist::Communicator& world, const CommonOptions& options,
                 const proto::Cluster& cluster, std::uint64_t seed,
                 const std::string& config_digest) {
  world.configure({cluster.stall_warning_seconds(), cluster.stall_timeout_seconds(),
                   options.check_collectives});
  layers::limit_isa(
      dist::agree_on(world, {binary_version(), config_digest, layers::detected_isa()}));
  threads_ = std::make_unique<ThreadPool>(agree_on_threads(world, options.threads),
                                          layers::prepare_thread);
  layers::prepare_thread();
  context_ = std::make_unique<ml::Context>(ml::Context{{world, *threads_}, cluster, seed});
  log::debug("host {}, lockstep {}, {}, {}", dist::host_name(), binary_version(),
             layers::library_version(), layers::isa_name(layers::detected_isa()));
}

Runtime::~Runtime() {
  log::debug("at most {:.1f} MB of memory were in use",
             static_cast<double>(peak_resident_bytes()) / 1e6);
}

void with_locations(const Locations& locations, const std::function<void()>& work) {
  try {
    work();
  } catch (const AgreedError& error) {
    const Error located = locations.locate(error);
    throw AgreedError(located.what(), located.where(), located.advice(), located.exit_code());
  }
}

std::string binary_version() {
  static const std::string version = [] {
    std::string build = "unknown";
    try {
      build = checksum(real_files().read("/proc/self/exe")).substr(0, 8);
    } catch (const std::exception&) {  // no /proc: the number alone
    }
    return fmt::format("{}+{}", LOCKSTEP_VERSION, build);
  }();
  return version;
}

}  // namespace lockstep::apps
