#include "ml/network/network_estimator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/config.hpp"
#include "core/log.hpp"
#include "core/stages.hpp"
#include "data/features/vectors/image_feature.hpp"
#include "dist/session.hpp"
#include "ml/network/autoencoder.hpp"
#include "ml/network/network_config.hpp"
#include "ml/network/network_plan.hpp"
#include "ml/network/word_vectors.hpp"

namespace lockstep::ml {
namespace {

/// Lanes and partitions of a network that is trained on these rows.
StepPlan plan_steps(const proto::Network& network, const data::Dataset& train) {
  StepPlan plan;
  plan.rows = train.rows;
  plan.partitions = train.partitions;
  plan.lane_size = network.lane_size();
  plan.lanes = network.global_batch() / network.lane_size();
  plan.accumulate = network.accumulate_batches();
  return plan;
}

/// The names of the label's classes, as the stage that numbered them knows them.
void learn_class_names(const data::Schema& schema, const layers::Network& network,
                       proto::Network& config) {
  const std::string label = target_of(config);
  if (!schema.has(label) || config.model().class_name_size() > 0) return;
  const auto& type = schema.at(label, "label_col");
  if (!type.features || type.features->size() != 1) return;
  const auto& names = type.features->front().labels;
  const std::size_t classes = network.task() == layers::Task::Binary       ? 2
                              : network.task() == layers::Task::Multiclass ? network.outputs()
                                                                           : 0;
  if (names.empty() || names.size() > classes) return;
  for (const auto& name : names) config.mutable_model()->add_class_name(name);
}

/// A binary evaluator judges the errors of an autoencoder at the end against known anomalies.
void check_anomalies(const proto::Experiment& experiment, const std::string& at,
                     const proto::Autoencoder& config, Problems& problems) {
  std::string judged;
  for (int i = 0; i < experiment.stage_size(); ++i) {
    if (is_estimator(experiment.stage(i)))
      judged = stage_path(experiment.stage(i), static_cast<std::size_t>(i));
  }
  for (int i = 0; at == judged && i < experiment.evaluate_size(); ++i) {
    problems.require(!experiment.evaluate(i).has_binary() || config.has_label_col(),
                     fmt::format("evaluate[{}].binary", i),
                     "there are no known anomalies to compare an autoencoder's errors with",
                     "name their column in the autoencoder's label_col");
  }
}

/// Before anything is fitted: the classes are those of the label, whose names may be to come.
void name_classes(const data::Schema& input, const std::string& label,
                  const PredictionColumns& columns, data::Schema& schema) {
  if (!input.has(label)) return;
  const auto& type = input.at(label, "label_col");
  if (!type.features || type.features->size() != 1) return;
  auto feature = type.features->front();
  const bool to_come = feature.kind == data::Feature::Kind::Nominal && feature.arity == 0;
  if (!to_come && (columns.classes == 0 || feature.labels.empty())) return;
  feature.name = columns.prediction;
  if (!to_come) feature.arity = columns.classes;
  auto prediction = schema.at(columns.prediction, "prediction_col");
  prediction.features = std::make_shared<std::vector<data::Feature>>(1, std::move(feature));
  schema.add(columns.prediction, std::move(prediction));
}

void check_label_type(const data::Schema& schema, const std::string& name,
                      const std::string& field) {
  const auto& label = schema.at(name, field);
  if (label.kind != data::ColumnType::Kind::String && label.kind != data::ColumnType::Kind::Tokens)
    return;
  throw ConfigError(fmt::format("the label column '{}' is of type {}, not a number", name,
                                data::to_string(label)),
                    {.field = field},
                    "a string_indexer stage numbers the classes; name its output_col here");
}

void say_plan(const FitInput& input, const TrainingInput& training, const std::string& at) {
  const auto& plan = training.plan;
  const auto& context = input.context;
  log::info("{}: {} training rows, {} partitions, {} lanes of {} rows, {} parameters", at,
            plan.rows, plan.partitions, plan.lanes, plan.lane_size,
            training.network.parameter_count());
  const int computing = context.ranks.world_size() - (context.dedicated_driver() ? 1 : 0);
  const auto cores = static_cast<std::size_t>(computing) * context.threads.size();
  if (cores > plan.lanes) {
    log::warning(
        "{} of {} threads have no lane to compute: global_batch / lane_size gives {} lanes",
        cores - plan.lanes, cores, plan.lanes);
  }
}

Metrics summary_of(const layers::Network& network, std::uint64_t rows,
                   const TrainingResult& result) {
  Metrics summary;
  add_count(summary, "rows", rows);
  add(summary, "loss", result.train_loss);
  if (network.task() != layers::Task::Regression) add(summary, "accuracy", result.train_accuracy);
  add_count(summary, "epochs", result.epochs);
  add_count(summary, "steps", result.steps);
  if (result.best_epoch) add_count(summary, "best_epoch", *result.best_epoch);
  return summary;
}

}  // namespace

NetworkEstimator::NetworkEstimator(const StageContext& context)
    : stage_(context.stage),
      at_(context.at),
      all_(context.all),
      config_(network_of(context.stage)) {}

void NetworkEstimator::check(const proto::Experiment& experiment, Problems& problems) const {
  if (stage_.has_autoencoder()) {
    check_autoencoder(stage_.autoencoder(), at_, problems);
    check_anomalies(experiment, at_, stage_.autoencoder(), problems);
  } else if (stage_.has_sequence_to_sequence()) {
    check_sequence_to_sequence(stage_.sequence_to_sequence(), experiment.stage(), at_, problems);
  } else {
    problems.require(config_.layer_size() > 0, child(at_, "layer"),
                     "a network needs at least one layer",
                     "write for example: layer { dense { units: 10 } }");
  }
  check_training(config_, experiment.data(), at_, problems);
  check_word_vectors(stage_, at_.substr(0, at_.find('.')), experiment, problems);
}

std::vector<std::string> NetworkEstimator::input_columns() const {
  std::vector<std::string> names{config_.input_col()};
  const auto columns = prediction_columns(stage_, nullptr, all_);
  for (const auto& name : {target_of(config_), columns.label, columns.weight, columns.anomaly}) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(name);
  }
  return names;
}

bool NetworkEstimator::can_do_without(const std::string& column) const {
  return column != config_.input_col();
}

std::size_t NetworkEstimator::lanes() const {
  return config_.lane_size() == 0 ? 0 : std::max(1u, config_.global_batch() / config_.lane_size());
}

// Null while the width of the input, or the words of a text, are not known.
const layers::Network* NetworkEstimator::compiled_for(const data::Schema& schema) const {
  const auto& type = schema.at(config_.input_col(), child(at_, "input_col"));
  if (type.open_width || stage_.has_sequence_to_sequence() || !columns_tell(config_, schema))
    return nullptr;
  const Shape shape = input_shape(config_, schema, at_);
  if (!compiled_ || compiled_->input() != shape)
    compiled_ = std::move(NetworkParts::compiled(stage_, at_, schema).network);
  return compiled_.get();
}

PredictionColumns NetworkEstimator::columns(const data::Schema& input) const {
  return prediction_columns(stage_, compiled_for(input), all_);
}

data::Schema NetworkEstimator::output_schema(const data::Schema& input) const {
  input_shape(config_, input, at_);
  const char* label_field = config_.has_target_col() ? "target_col" : "label_col";
  check_label_type(input, target_of(config_), child(at_, label_field));
  if (stage_.has_autoencoder()) anomaly_label(stage_.autoencoder(), input, at_);
  const auto* network = compiled_for(input);
  if (network != nullptr) check_targets(config_, *network, input, at_);
  auto columns = prediction_columns(stage_, network, all_);
  auto schema = with_predictions(stage_, network, columns, input, at_,
                                 stage_.autoencoder().has_reconstruction_col());
  if (stage_.has_network()) name_classes(input, target_of(config_), columns, schema);
  return schema;
}

NetworkEstimator::Setup NetworkEstimator::set_up(const FitInput& input) {
  auto& context = input.context;
  auto parts = std::make_unique<NetworkParts>();
  parts->stage = stage_;
  parts->at = at_;
  parts->config = config_;
  const data::Augmentation* augmentation = nullptr;
  learn_target_scale(context, input.train, parts->config);
  dist::all_or_none(context.ranks, [&] {
    const auto& schema = input.train.schema;
    fill_from_columns(parts->config, schema, at_);
    parts->network = compile(stage_, parts->config, input_shape(config_, schema, at_), at_);
    check_targets(parts->config, *parts->network, schema, at_);
    learn_class_names(schema, *parts->network, parts->config);
    augmentation = data::augmentation_of(input.stages.stages(), config_.input_col());
  });
  if (stage_.has_network())
    *parts->stage.mutable_network()->mutable_model() = parts->config.model();
  start_with_word_vectors(context, input.stages, config_.input_col(), *parts->network);
  TrainingInput training{parts->config,
                         *parts->network,
                         input.train,
                         input.validation,
                         {config_.input_col(), target_of(config_), config_.weight_col()},
                         plan_steps(parts->config, input.train),
                         input.options.config_digest,
                         input.options.exchange,
                         augmentation,
                         TargetScale(parts->config.model())};
  return {std::move(parts), training};
}

std::unique_ptr<Model> NetworkEstimator::model_of(NetworkParts parts, const FitInput& input) const {
  auto columns = prediction_columns(parts.stage, parts.network.get(), all_);
  if (stage_.has_autoencoder())
    return std::make_unique<AutoencoderModel>(std::move(parts), std::move(columns));
  if (stage_.has_network())
    return std::make_unique<NetworkModel>(std::move(parts), std::move(columns));
  const auto fitted = input.stages.save();
  return std::make_unique<TranslationModel>(std::move(parts), std::move(columns),
                                            Stages(fitted.begin(), fitted.end()));
}

Fitted NetworkEstimator::fit(const FitInput& input) {
  Setup setup = set_up(input);
  const auto& context = input.context;
  const auto& network = *setup.parts->network;
  Fitted fitted;
  if (input.options.untrained) {
    Buffer<float> flat(network.parameter_floats());
    network.initialize(context.seed, flat.span());
    setup.parts->take_weights(flat.span());
  } else {
    say_plan(input, setup.training, at_);
    Trainer trainer(context, setup.training, input.folder, input.progress);
    if (input.options.resume && !trainer.resume())
      log::info("no checkpoint of {} to resume from: starting anew", at_);
    const auto result = trainer.run();
    fitted.steps = result.steps;
    if (result.stopped) return fitted;
    setup.parts->take_weights(trainer.step().parameters());
    fitted.summary = summary_of(network, input.train.rows, result);
    const auto& seconds = trainer.step().seconds();
    fitted.seconds = {{"compute_seconds", seconds.compute},
                      {"exchange_seconds", seconds.exchange},
                      {"optimizer_seconds", seconds.optimizer}};
  }
  if (stage_.has_autoencoder()) {
    auto& config = *setup.parts->stage.mutable_autoencoder();
    learn_threshold(context, *setup.parts->scorer, input.train, config);
    if (config.model().has_anomaly_threshold())
      add(fitted.summary, "anomaly_threshold", config.model().anomaly_threshold());
  }
  fitted.model = model_of(std::move(*setup.parts), input);
  return fitted;
}

Description NetworkEstimator::plan(const FitInput& input) {
  const Setup setup = set_up(input);
  return plan_of(setup.training, input.context);
}

}  // namespace lockstep::ml
