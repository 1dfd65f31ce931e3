#pragma once
/// Estimators before the end of the stages: what the config must say, and when they are trained.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/files.hpp"
#include "core/problems.hpp"
#include "core/proto/experiment.pb.h"
#include "data/pipeline.hpp"
#include "ml/applied_autoencoder.hpp"
#include "ml/context.hpp"
#include "ml/lane_rows.hpp"

namespace lockstep::ml {

struct Prepared;

/// An estimator before the end, and what it is trained with.
struct EarlierEstimator {
  std::size_t position = 0;                          ///< among the stages
  AppliedAutoencoder* stage = nullptr;               ///< of the pipeline
  StepPlan plan{};                                   ///< rows: once the stages before it are fitted
  const data::Augmentation* augmentation = nullptr;  ///< of its input; null: none
};

/// "stage_1": what it is called in files and metrics.
std::string earlier_name(std::size_t position);

/// The seed of the estimator at this place: no two estimators share random numbers.
std::uint64_t earlier_seed(std::uint64_t seed, std::size_t position);

/// What stands before the end and may not, or does not fit the estimator at the end. Local; adds to
/// `problems`.
void check_earlier(const proto::Experiment& experiment, Problems& problems);

/// Those of a pipeline. Local.
std::vector<EarlierEstimator> earlier_estimators(const data::Pipeline& pipeline,
                                                 const proto::Data& data);

/// The columns that the estimators of an experiment read, the last one's first. Local.
std::vector<std::string> inputs_of(const Prepared& prepared);

/// Their files of weights, as save_model wants them. Local.
std::vector<NamedBytes> weights_of(const std::vector<EarlierEstimator>& estimators);

/// Gives the estimators of a saved pipeline the weights that weights_of() has told. Local; their
/// networks are compiled. @throws FileError naming `path` if they are of other networks
void take_up_weights(const std::vector<EarlierEstimator>& estimators,
                     const std::vector<std::string>& weights, const std::string& path);

/// COLLECTIVE. Trains the compiled estimator on prepared.train and gives it its weights; false: the
/// job is to stop.
using TrainEarlier = std::function<bool(Prepared& prepared, const EarlierEstimator& estimator)>;

/// Leaves it with the weights that training would start from: for plans and timing. Local.
void leave_untrained(const Context& context, const EarlierEstimator& estimator);

/// COLLECTIVE. Fits and applies the stages before the last of prepared.earlier, which are trained
/// in turn. Returns the stages that are left to be fitted; nothing if the job is to stop. `needed`
/// as for Pipeline::fit. @throws AgreedError
std::optional<data::Pipeline::Part> fit_earlier(const Context& context, Prepared& prepared,
                                                const std::vector<std::string>& needed,
                                                const data::LoadOptions& options,
                                                const TrainEarlier& train);

}  // namespace lockstep::ml
