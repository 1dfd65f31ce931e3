#pragma once
/// Estimators: what learns a model from rows. To add one: CONTRIBUTING.md.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/problems.hpp"
#include "core/proto/experiment.pb.h"
#include "data/dataset.hpp"
#include "data/pipeline.hpp"
#include "dist/exchange.hpp"
#include "ml/context.hpp"
#include "ml/evaluators/metric.hpp"
#include "ml/pipeline/model.hpp"
#include "ml/pipeline/progress.hpp"
#include "ml/pipeline/run_folder.hpp"

namespace lockstep::ml {

using Stages = google::protobuf::RepeatedPtrField<proto::Stage>;

/// How an experiment is fitted, whatever its rows and ranks.
struct FitOptions {
  std::string config_digest;       ///< checkpoints of another one are refused
  dist::ExchangeOptions exchange;  ///< of gradients
  bool resume = false;             ///< go on from the newest checkpoint, where there is one
  bool untrained = false;          ///< for plans and timing: models as training would start
};

/// What an estimator learns from. It takes rows, it never loads them.
struct FitInput {
  const Context& context;      ///< the group of ranks, their threads, and the estimator's own seed
  const data::Dataset& train;  ///< the stages before are applied
  const data::Dataset* validation;  ///< likewise; null: there are none
  const data::Pipeline& stages;     ///< of the experiment; those before the estimator are fitted
  const FitOptions& options;
  Progress& progress;
  RunFolder* folder;  ///< for its curve and checkpoints, on the driver; null: nothing is kept
};

/// What came of it, the same on every rank.
struct Fitted {
  std::unique_ptr<Model> model;  ///< null: a signal has stopped it, after a checkpoint
  std::uint64_t steps = 0;       ///< or iterations
  Metrics summary;               ///< for metrics.json: rows, loss, ...
  std::vector<std::pair<std::string, double>> seconds;  ///< by phase, for the timing
};

class Estimator {
 public:
  virtual ~Estimator() = default;

  /// Checks the config against itself and the experiment's data section, before any row is read.
  /// Adds to `problems`.
  virtual void check(const proto::Experiment& experiment, Problems& problems) const = 0;

  /// The columns that it or its model reads: features, label, weight.
  virtual std::vector<std::string> input_columns() const = 0;

  /// True for those that rows to be predicted may lack: label, weight.
  virtual bool can_do_without(const std::string& column) const = 0;

  /// The schema with the columns its model will add; widths that are not known yet are open.
  /// @throws ConfigError if a column is missing, of the wrong type, or there already
  virtual data::Schema output_schema(const data::Schema& input) const = 0;

  /// What its model will read and add. @throws ConfigError as output_schema does
  virtual PredictionColumns columns(const data::Schema& input) const = 0;

  /// Lanes that it cuts a batch into; the partitions are a multiple of it. 0: it does not.
  virtual std::size_t lanes() const { return 0; }

  /// COLLECTIVE. @throws AgreedError
  virtual Fitted fit(const FitInput& input) = 0;

  /// COLLECTIVE. What fit() would do, for `check`. @throws AgreedError
  virtual Description plan(const FitInput& input) = 0;
};

/// An estimator's place in a config.
struct StageContext {
  const proto::Stage& stage;  ///< as configured, or as fitted
  std::string at;             ///< "stage[2].network"
  const Stages& all;          ///< of the experiment or the saved pipeline
};

/// @throws ConfigError
std::unique_ptr<Estimator> make_estimator(const StageContext& context);

/// The model that was saved as that stage and these tensors. `input`: the schema of its rows;
/// `path`: of the folder, for messages. Local. @throws FileError, ConfigError
std::unique_ptr<Model> load_model(const StageContext& context,
                                  const std::vector<NamedTensor>& tensors,
                                  const data::Schema& input, const std::string& path);

}  // namespace lockstep::ml
