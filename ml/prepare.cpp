/// prepare: an experiment's rows loaded and transformed, its networks compiled.

#include <fmt/format.h>

#include "core/config.hpp"
#include "data/features/image_feature.hpp"
#include "dist/session.hpp"
#include "ml/datasets.hpp"
#include "ml/experiment.hpp"
#include "ml/word_vectors.hpp"

namespace lockstep::ml {
namespace {

/// How this experiment's sources are loaded.
data::LoadOptions load_options(const Context& context, const proto::Experiment& experiment,
                               const StepPlan& plan) {
  auto options = data::load_options(experiment.data(), experiment.seed());
  options.partitions = plan.partitions;
  options.blocks = partition_blocks(plan, context.ranks.world_size(), context.threads.size(),
                                    context.dedicated_driver());
  return options;
}

void take_rows(Datasets rows, const proto::Data& config, Prepared& prepared) {
  prepared.source_schema = rows.source_schema;
  prepared.train = std::move(rows.train);
  prepared.validation = std::move(rows.validation);
  prepared.test = std::move(rows.test);
  prepared.has_validation = prepared.validation.rows > 0;
  prepared.has_test = config.has_test() || prepared.test.rows > 0;
}

void compile_network(const proto::Experiment& experiment, const data::Schema& schema,
                     Prepared& prepared) {
  const std::string at = estimator_path(experiment);
  const NetworkInput input = estimator_input(prepared.estimator, prepared.config, schema, at);
  complete(prepared.config, schema, at);
  const std::string reference = prepared.columns.reference;
  prepared.columns = input.columns;
  prepared.columns.reference = reference;
  prepared.augmentation = data::augmentation_of(prepared.pipeline.stages(), prepared.columns.input,
                                                inputs_of(prepared));
  prepared.network = compile(prepared.estimator, prepared.config, input.shape, at);
  const auto& network = *prepared.network;
  if (prepared.config.standardize_target() && network.task() != layers::Task::Regression) {
    throw ConfigError("standardize_target is for regressions; this network learns classes",
                      {.field = child(at, "standardize_target")}, "leave it out");
  }
  if (!prepared.columns.label.empty()) {
    const auto& label = schema.at(prepared.columns.label, child(at, "label_col"));
    const std::size_t numbers = label.shape.size();
    const bool classes =
        network.task() == layers::Task::Multiclass || network.task() == layers::Task::Binary;
    if (!classes && numbers != network.labels_per_row()) {
      throw ConfigError(
          fmt::format("the network has {} outputs, the target column '{}' has {} numbers a row",
                      network.labels_per_row(), prepared.columns.label, numbers),
          {.field = child(at, "layer")}, "give the last layer as many units");
    }
    if (classes && numbers != 1) {
      throw ConfigError("a classifier's label is one number a row",
                        {.field = child(at, "target_col")}, "use label_col");
    }
  }
  prepared.evaluators = make_evaluators(experiment.evaluate(), network);
  if (prepared.estimator.has_sequence_to_sequence()) {
    const auto fitted = prepared.pipeline.save();
    prepared.texts = std::make_unique<TargetTexts>(prepared.estimator.sequence_to_sequence(),
                                                   Stages(fitted.begin(), fitted.end()),
                                                   network.labels_per_row(), at);
  }
}

/// A last network that does not fit its column is told before others are trained for hours, unless
/// the width of the column is learnt from the rows. @throws ConfigError
void try_last_network(const proto::Experiment& experiment, const data::Schema& schema,
                      Prepared& prepared) {
  const std::string at = estimator_path(experiment);
  const auto input = estimator_input(prepared.estimator, prepared.config, schema, at);
  prepared.columns = input.columns;
  prepared.columns.reference = reference_col(prepared.estimator, experiment.stage(), at);
  const bool known = !schema.at(input.columns.input, "input_col").open_width &&
                     !prepared.estimator.has_sequence_to_sequence();  // words are learnt
  if (prepared.earlier.empty() || !known) return;
  compile_network(experiment, schema, prepared);
  prepared.config = network_of(prepared.estimator);  // without what the rows may tell otherwise
  prepared.network.reset();
}

}  // namespace

void transform_others(const Context& context, Prepared& prepared,
                      const std::vector<std::string>& needed, const data::LoadOptions& options,
                      data::Pipeline::Part part) {
  for (auto* dataset : {&prepared.validation, &prepared.test}) {
    if (dataset->rows > 0)
      prepared.pipeline.transform(context.ranks, context.threads, *dataset, needed, options, part);
  }
}

std::unique_ptr<Prepared> prepare(const Context& context, const proto::Experiment& experiment,
                                  const TrainEarlier& train_earlier) {
  auto prepared = std::make_unique<Prepared>();
  prepared->estimator = experiment.stage(experiment.stage_size() - 1);
  prepared->config = network_of(prepared->estimator);
  prepared->plan = plan_steps(experiment);
  dist::all_or_none(context.ranks, [&] {
    prepared->pipeline = make_pipeline(
        {experiment.stage().begin(), experiment.stage().begin() + experiment.stage_size() - 1});
    prepared->earlier = earlier_estimators(prepared->pipeline, experiment.data());
    // What can be said before the rows are read is said now.
    if (!context.is_driver()) return;
    const auto peeked = data::peek_schema(experiment.data().train());
    try_last_network(experiment, prepared->pipeline.output_schema(peeked), *prepared);
  });
  auto options = load_options(context, experiment, prepared->plan);
  take_rows(load_datasets(context, experiment.data(), options), experiment.data(), *prepared);
  dist::all_or_none(context.ranks, [&] {
    try_last_network(experiment, prepared->pipeline.output_schema(prepared->train.schema),
                     *prepared);
  });
  const auto needed = columns_needed(prepared->columns);
  const auto rest = fit_earlier(context, *prepared, needed, options, train_earlier);
  if (!rest) return nullptr;
  prepared->pipeline.fit(context.ranks, context.threads, prepared->train, needed, options, *rest);
  prepared->plan.rows = prepared->train.rows;
  if (prepared->config.standardize_target()) {
    learn_target_scale(context, prepared->train, prepared->columns.label, prepared->config);
    *prepared->estimator.mutable_network()->mutable_model() = prepared->config.model();
  }
  dist::all_or_none(context.ranks,
                    [&] { compile_network(experiment, prepared->train.schema, *prepared); });
  start_with_word_vectors(context, prepared->pipeline, prepared->columns.input, *prepared->network);
  transform_others(context, *prepared, needed, options, *rest);
  auto learnt = prepared->columns;
  learnt.anomaly_label.clear();  // nobody reads those of training rows
  if (prepared->train.rows > 0) check_labels(context, *prepared->network, prepared->train, learnt);
  for (auto* dataset : {&prepared->validation, &prepared->test}) {
    if (dataset->rows > 0) check_labels(context, *prepared->network, *dataset, prepared->columns);
  }
  return prepared;
}

}  // namespace lockstep::ml
