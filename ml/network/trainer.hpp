#pragma once
/// The training loop of a network: epochs of lockstep steps, the learning rate's schedule,
/// validation, early stopping, the best model, checkpoints and exact resumption.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ml/context.hpp"
#include "ml/network/scorer.hpp"
#include "ml/network/step.hpp"
#include "ml/pipeline/checkpoint.hpp"
#include "ml/pipeline/progress.hpp"
#include "ml/pipeline/run_folder.hpp"

namespace lockstep::ml {

struct TrainingInput {
  const proto::Network& config;
  const layers::Network& network;
  const data::Dataset& train;
  const data::Dataset* validation = nullptr;  ///< null: none
  LaneColumns columns;
  StepPlan plan;
  std::string config_digest;
  dist::ExchangeOptions exchange;
  const data::Augmentation* augmentation = nullptr;  ///< of columns.input; null: none
  TargetScale scale = {};
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
  bool goes_on() const;
  void note_validation(EpochReport& report);
  bool better(double metric, double than, double min_delta) const;
  double accuracy_of(const LossSums& sums) const;
  std::optional<double> told_accuracy(double accuracy) const;
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
