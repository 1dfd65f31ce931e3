#pragma once
/// From the command line to a job: the config on every rank, ranks that agree, threads that are
/// ready.

#include <memory>
#include <string>
#include <vector>

#include "apps/command.hpp"
#include "core/config.hpp"
#include "core/thread_pool.hpp"
#include "ml/context.hpp"

namespace lockstep::apps {

/// What a config-driven command reads.
struct ExperimentOptions {
  std::string config;
  std::vector<std::string> overrides;  ///< --set
  std::string data, test;              ///< --data, --test: other files in place of the config's
  bool no_cache = false;               ///< --no-cache
  bool needs_estimator = true;         ///< the last stage must be one
};

void add_experiment_options(CLI::App& command, ExperimentOptions& options);

/// --set, --data, --test and --no-cache; the config itself is for the command to name.
void add_override_options(CLI::App& command, ExperimentOptions& options);

/// COLLECTIVE. The driver loads and checks the config, everybody gets it. `locations` is filled on
/// the driver only.
/// @throws AgreedError that lists every mistake
Config open_experiment(const dist::Communicator& world, const ExperimentOptions& options);

/// COLLECTIVE. The same for a command that needs no estimator, whose config is an experiment file
/// or a file of rows, around which an experiment is made up. @throws AgreedError
Config open_source(const dist::Communicator& world, ExperimentOptions options);

/// A rank's threads and context, for the length of a command.
class Runtime {
 public:
  /// COLLECTIVE. Agrees on version, config and instruction set with the other ranks, and starts the
  /// threads.
  /// @throws AgreedError that names the odd rank
  Runtime(dist::Communicator& world, const CommonOptions& options, const proto::Cluster& cluster,
          std::uint64_t seed, const std::string& config_digest);

  /// Says, where --verbose asks for it, how much memory the rank has had in use.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  const ml::Context& context() const noexcept { return *context_; }
  bool is_driver() const { return context_->is_driver(); }

 private:
  std::unique_ptr<ThreadPool> threads_;
  std::unique_ptr<ml::Context> context_;
};

/// Runs `work`; an error that names a config field gets the field's place in the file.
void with_locations(const Locations& locations, const std::function<void()>& work);

/// Version of the binary: number, and a digest of the executable's bytes.
std::string binary_version();

}  // namespace lockstep::apps
