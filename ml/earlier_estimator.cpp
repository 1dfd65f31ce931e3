#include "ml/earlier_estimator.hpp"

#include <fmt/format.h>

#include "core/buffer.hpp"
#include "core/config.hpp"
#include "core/random.hpp"
#include "data/features/image_feature.hpp"
#include "dist/session.hpp"
#include "ml/estimator.hpp"
#include "ml/experiment.hpp"
#include "ml/model.hpp"
#include "ml/word_vectors.hpp"

namespace lockstep::ml {
namespace {

std::uint32_t lanes_of(const proto::Network& network) {
  return network.lane_size() == 0 ? 0 : network.global_batch() / network.lane_size();
}

/// Rows stay with the rank that computes their lane, so all estimators have the same lanes.
void check_lanes(const proto::Network& network, const proto::Network& last, const std::string& at,
                 Problems& problems) {
  const std::uint32_t lanes = lanes_of(network), wanted = lanes_of(last);
  if (lanes == 0 || wanted == 0 || lanes == wanted) return;  // of none the ranges have told
  problems.add(child(at, "global_batch"),
               fmt::format("{} lanes (global_batch / lane_size), but the estimator at the end has "
                           "{}: rows would have to move between the ranks",
                           lanes, wanted),
               fmt::format("write global_batch: {} here, or as many lanes there",
                           wanted * network.lane_size()));
}

/// COLLECTIVE. Makes it ready for training.
void compile_earlier(const Context& context, Prepared& prepared, EarlierEstimator& estimator) {
  auto& stage = *estimator.stage;
  dist::all_or_none(context.ranks, [&] {
    stage.compile(prepared.train.schema);
    estimator.augmentation = data::augmentation_of(prepared.pipeline.stages(),
                                                   stage.columns().input, inputs_of(prepared));
  });
  start_with_word_vectors(context, prepared.pipeline, stage.columns().input, stage.network());
  estimator.plan.rows = prepared.train.rows;
}

}  // namespace

std::string earlier_name(std::size_t position) { return fmt::format("stage_{}", position); }

std::uint64_t earlier_seed(std::uint64_t seed, std::size_t position) {
  const auto bits = Random(seed, Purpose::Estimator, position).block(0);
  return (static_cast<std::uint64_t>(bits[0]) << 32) | bits[1];
}

void check_earlier(const proto::Experiment& experiment, Problems& problems) {
  const int last = experiment.stage_size() - 1;
  for (int i = 0; i < last; ++i) {
    const auto& stage = experiment.stage(i);
    if (!is_estimator(stage)) continue;
    const std::string at = estimator_path(stage, i);
    if (!stage.has_autoencoder()) {
      problems.add(
          fmt::format("stage[{}]", i),
          "only an autoencoder may stand before other stages, this estimator must be the last",
          "move it to the end");
      continue;
    }
    problems.require(!stage.autoencoder().has_label_col(), child(at, "label_col"),
                     "only the estimator at the end is evaluated: nobody would read the known "
                     "anomalies",
                     "leave it out");
    if (has_estimator(experiment))
      check_lanes(network_of(stage), network_of(experiment), at, problems);
  }
}

std::vector<EarlierEstimator> earlier_estimators(const data::Pipeline& pipeline,
                                                 const proto::Data& data) {
  std::vector<EarlierEstimator> earlier;
  for (std::size_t i = 0; i < pipeline.stages().size(); ++i) {
    auto* stage = dynamic_cast<AppliedAutoencoder*>(pipeline.stages()[i].get());
    if (stage != nullptr)
      earlier.push_back({i, stage, plan_steps(network_of(stage->stage()), data)});
  }
  return earlier;
}

std::vector<std::string> inputs_of(const Prepared& prepared) {
  std::vector<std::string> inputs{prepared.columns.input};
  for (const auto& earlier : prepared.earlier) inputs.push_back(earlier.stage->columns().input);
  return inputs;
}

std::vector<NamedBytes> weights_of(const std::vector<EarlierEstimator>& estimators) {
  std::vector<NamedBytes> files;
  for (const auto& estimator : estimators) {
    files.push_back({earlier_name(estimator.position) + ".safetensors",
                     weights_file(estimator.stage->network(), estimator.stage->parameters())});
  }
  return files;
}

void take_up_weights(const std::vector<EarlierEstimator>& estimators,
                     const std::vector<std::string>& weights, const std::string& path) {
  if (weights.size() != estimators.size()) {
    throw FileError(fmt::format("{} has weights of {} estimators before the last, its pipeline has "
                                "{} of them",
                                path, weights.size(), estimators.size()),
                    {.file = path}, "train the model again");
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    auto& stage = *estimators[i].stage;
    Buffer<float> parameters(stage.network().parameter_floats());
    from_tensors(stage.network(), from_safetensors(weights[i], path), parameters.span(), path);
    stage.take_weights(parameters.span());
  }
}

void leave_untrained(const Context& context, const EarlierEstimator& estimator) {
  const auto& network = estimator.stage->network();
  Buffer<float> parameters(network.parameter_floats());
  network.initialize(earlier_seed(context.seed, estimator.position), parameters.span());
  estimator.stage->take_weights(parameters.span());
}

std::optional<data::Pipeline::Part> fit_earlier(const Context& context, Prepared& prepared,
                                                const std::vector<std::string>& needed,
                                                const data::LoadOptions& options,
                                                const TrainEarlier& train) {
  data::Pipeline::Part part{0, 0};
  for (auto& estimator : prepared.earlier) {
    part.end = estimator.position;
    prepared.pipeline.fit(context.ranks, context.threads, prepared.train, needed, options, part);
    transform_others(context, prepared, needed, options, part);
    compile_earlier(context, prepared, estimator);
    if (train) {
      if (!train(prepared, estimator)) return std::nullopt;
    } else {
      leave_untrained(context, estimator);
    }
    estimator.stage->learn_from_errors(context, prepared.train);
    part.begin = part.end;
  }
  return data::Pipeline::Part{part.begin};
}

}  // namespace lockstep::ml
