#pragma once
/// What estimators tell while they are fitted. Called on the driver only.

#include <cstdint>
#include <optional>
#include <string>

namespace lockstep::ml {

/// After each step of gradient descent.
struct StepReport {
  std::uint64_t epoch, epochs, step, total_steps;  ///< epoch and step counted from 1
  double loss;                                     ///< of this step
  std::optional<double> accuracy;                  ///< of this step; classifiers only
  double learning_rate;
  double samples_per_second;  ///< of this step, all ranks
  double seconds_left;        ///< estimated for the whole fit
};

/// After each epoch of gradient descent.
struct EpochReport {
  std::uint64_t epoch, epochs;
  double loss;  ///< of the training rows, as seen while training
  std::optional<double> accuracy;
  std::optional<double> validation_loss, validation_accuracy;
  double seconds;
  bool best = false;  ///< the monitored metric has never been better
};

/// After each iteration of an estimator that sees all rows at a time.
struct IterationReport {
  std::uint64_t iteration, iterations;  ///< counted from 1; at most
  std::string measure;                  ///< what is made smaller: "cost"
  double value;
  double seconds_left;  ///< at most
};

class Progress {
 public:
  virtual ~Progress() = default;
  /// What is fitted from now on: "stage[1].autoencoder".
  virtual void on_estimator(const std::string& /*name*/) {}
  virtual void on_step(const StepReport&) {}
  virtual void on_epoch(const EpochReport&) {}
  virtual void on_iteration(const IterationReport&) {}
};

}  // namespace lockstep::ml
