#pragma once
/// The training loop: epochs of lockstep steps, the learning rate's schedule, validation, early
/// stopping, the best model, checkpoints and exact resumption.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ml/checkpoint.hpp"
#include "ml/context.hpp"
#include "ml/run_folder.hpp"
#include "ml/scoring.hpp"
#include "ml/step.hpp"

namespace lockstep::ml {

/// What a listener hears after each step and each epoch. Called on the driver only.
struct StepReport {
  std::uint64_t epoch, epochs, step, total_steps;  ///< epoch and step counted from 1
  double loss, accuracy, learning_rate;            ///< of this step
  double samples_per_second;                       ///< of this step, all ranks
  double seconds_left;                             ///< estimated for the whole run
};
struct EpochReport {
  std::uint64_t epoch, epochs;
  double loss, accuracy;  ///< of the training rows, as seen while training
  std::optional<double> validation_loss, validation_accuracy;
  double seconds;
  bool best = false;  ///< the monitored metric has never been better
};
class Progress {
 public:
  virtual ~Progress() = default;
  /// What is trained from now on: "stage[1].autoencoder", of this task.
  virtual void on_estimator(const std::string& /*name*/, layers::Task) {}
  virtual void on_step(const StepReport&) {}
  virtual void on_epoch(const EpochReport&) {}
};

struct TrainingInput {
  const proto::Network& config;
  const layers::Network& network;
  const data::Dataset& train;
  const data::Dataset* validation = nullptr;  ///< null: none
  NetworkColumns columns;
  StepPlan plan;
  std::string config_digest;
  dist::ExchangeOptions exchange;
  const data::Augmentation* augmentation = nullptr;  ///< of columns.input; null: none
  const TargetTexts* texts = nullptr;                ///< of a network that writes them
};

/// How training ended, the same on every rank.
struct TrainingResult {
  bool stopped = false;  ///< by a signal, after a checkpoint: requeue
  std::uint64_t steps = 0;
  std::uint32_t epochs = 0;
  std::optional<std::uint32_t> best_epoch;
  double train_loss = 0, train_accuracy = 0;  ///< of the last epoch, as seen while training
};

class Trainer {
 public:
  /// COLLECTIVE. `folder` is the run folder on the driver, null elsewhere and where nothing is to
  /// be written.
  Trainer(const Context& context, const TrainingInput& input, RunFolder* folder,
          Progress& progress);

  /// COLLECTIVE. Takes up the newest whole checkpoint of the run folder; false if there is none.
  /// @throws AgreedError if it is of another config or other data
  bool resume();

  /// COLLECTIVE.
  TrainingResult run();

  TrainingStep& step() noexcept { return step_; }
  const Scorer& scorer() const noexcept { return scorer_; }  ///< over the current weights

 private:
  bool run_epoch();  // false: stop
  void after_step(const StepSums& result, double learning_rate, double seconds);
  bool end_epoch(bool checkpoint_due);  // false: stop
  void note_validation(EpochReport& report);
  bool better(double metric, double than, double min_delta) const;
  double accuracy_of(const LossSums& sums) const;
  double monitored(const LossSums& sums) const;
  void save_checkpoint();
  void restore(const CheckpointStore::Loaded& loaded);
  void broadcast_restored();
  void restore_best();
  std::string gather_segments(std::span<const float> flat);
  bool checkpoint_due_by_time() const;

  const Context& context_;
  TrainingInput in_;
  RunFolder* folder_;
  Progress& progress_;
  TrainingStep step_;
  Scorer scorer_;
  std::unique_ptr<CheckpointStore> store_;
  proto::TrainingState state_;
  std::vector<float> best_;  // parameters of the best epoch
  std::uint64_t total_steps_ = 0;
  std::chrono::steady_clock::time_point last_checkpoint_, epoch_start_;
  double recent_step_seconds_ = 0;
};

}  // namespace lockstep::ml
