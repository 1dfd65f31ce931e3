#include "ml/train_earlier.hpp"

#include <chrono>

#include "core/config.hpp"
#include "core/log.hpp"
#include "dist/session.hpp"

namespace lockstep::ml {
namespace {

/// COLLECTIVE. The run folder of an estimator before the end, on the driver; null elsewhere.
std::unique_ptr<RunFolder> open_folder(const Context& context, RunFolder* folder,
                                       const EarlierEstimator& estimator, bool resume) {
  std::unique_ptr<RunFolder> own;
  dist::all_or_none(context.ranks, [&] {
    if (folder == nullptr) return;
    own = std::make_unique<RunFolder>(folder->files(),
                                      folder->file(earlier_name(estimator.position)), resume);
  });
  return own;
}

}  // namespace

dist::ExchangeOptions exchange_of(const proto::Experiment& experiment,
                                  const TrainOptions& options) {
  dist::ExchangeOptions exchange = options.exchange;
  exchange.bucket_bytes =
      static_cast<std::size_t>(experiment.cluster().bucket_megabytes() * (1 << 20));
  return exchange;
}

EarlierResult train_earlier(const Context& context, const proto::Experiment& experiment,
                            Prepared& prepared, const EarlierEstimator& estimator,
                            RunFolder* folder, Progress& progress, const TrainOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  auto& stage = *estimator.stage;
  const Context own{context.ranks, context.threads, context.cluster,
                    earlier_seed(context.seed, estimator.position)};
  const auto own_folder = open_folder(context, folder, estimator, options.resume);
  TrainingInput input{stage.config(),
                      stage.network(),
                      prepared.train,
                      prepared.has_validation ? &prepared.validation : nullptr,
                      stage.columns(),
                      estimator.plan,
                      config_digest(experiment),
                      exchange_of(experiment, options),
                      estimator.augmentation};
  if (context.is_driver()) progress.on_estimator(stage.at(), stage.network().task());
  log::info("{}: {} training rows, {} lanes of {} rows, {} parameters", stage.at(),
            prepared.train.rows, estimator.plan.lanes, estimator.plan.lane_size,
            stage.network().parameter_count());
  Trainer trainer(own, input, own_folder.get(), progress);
  if (options.resume && !trainer.resume())
    log::info("no checkpoint of {} to resume from: starting anew", stage.at());
  EarlierResult result{estimator, trainer.run(), prepared.train.rows};
  if (!result.training.stopped) stage.take_weights(trainer.step().parameters());
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace lockstep::ml
