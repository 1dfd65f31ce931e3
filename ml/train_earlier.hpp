#pragma once
/// Training of estimators before the end of the stages.

#include <cstdint>
#include <vector>

#include "ml/experiment.hpp"

namespace lockstep::ml {

/// How one of them was trained.
struct EarlierResult {
  EarlierEstimator estimator;
  TrainingResult training;
  std::uint64_t rows = 0;  ///< that it was trained on
  double seconds = 0;
};

/// COLLECTIVE. Trains the estimator on prepared.train, with a run folder of its own inside `folder`
/// for its curve and checkpoints, and gives it its weights, unless a signal stopped it. Where
/// training is over already, a resumed run takes the weights of its last checkpoint.
EarlierResult train_earlier(const Context& context, const proto::Experiment& experiment,
                            Prepared& prepared, const EarlierEstimator& estimator,
                            RunFolder* folder, Progress& progress, const TrainOptions& options);

/// The exchange of an experiment's steps.
dist::ExchangeOptions exchange_of(const proto::Experiment& experiment, const TrainOptions& options);

}  // namespace lockstep::ml
