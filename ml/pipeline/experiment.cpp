#include "ml/pipeline/experiment.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/config.hpp"
#include "core/stages.hpp"
#include "data/features/catalogue.hpp"
#include "dist/session.hpp"
#include "ml/network/lane_rows.hpp"
#include "ml/pipeline/datasets.hpp"

namespace lockstep::ml {
namespace {

/// Partitions of a dataset that no lanes are made of, where the config does not say.
constexpr std::size_t kDefaultPartitions = 64;

/// Rows that are taken out of a series at random leave holes that its windows would not see.
void check_windows(const proto::Experiment& experiment, Problems& problems) {
  const auto& stages = experiment.stage();
  if (std::none_of(stages.begin(), stages.end(), [](const auto& s) { return s.has_windows(); }))
    return;
  constexpr const char* kHoles = "rows set aside at random leave holes in the windows of a series";
  constexpr const char* kInOrder =
      "cut the series in time: data { split { weights: [0.8, 0.1, 0.1] in_order: true } }, or "
      "order_by";
  const auto& data = experiment.data();
  const auto& split = data.split();
  const bool in_time = split.in_order() || !split.order_by().empty() || !split.group_by().empty() ||
                       !split.part_col().empty();
  problems.require(!(data.validation_fraction() > 0), "data.validation_fraction", kHoles, kInOrder);
  problems.require(!data.has_split() || in_time, "data.split", kHoles, kInOrder);
}

void check_partitions(std::size_t lanes, const proto::Data& data, Problems& problems) {
  if (lanes == 0) return;
  problems.require(
      !data.has_partitions() || data.partitions() % lanes == 0, "data.partitions",
      fmt::format(
          "{} partitions cannot be shared out evenly to {} lanes (global_batch / lane_size)",
          data.partitions(), lanes),
      fmt::format("give a multiple of {}, or leave it out", lanes));
}

/// The estimators of the stages by their positions; those that cannot be made add to `problems`.
std::vector<std::pair<int, std::unique_ptr<Estimator>>> estimators_of(
    const proto::Experiment& experiment, Problems& problems) {
  std::vector<std::pair<int, std::unique_ptr<Estimator>>> found;
  for (int i = 0; i < experiment.stage_size(); ++i) {
    const auto& stage = experiment.stage(i);
    if (!is_estimator(stage)) continue;
    try {
      found.emplace_back(i, make_estimator({stage, stage_path(stage, static_cast<std::size_t>(i)),
                                            experiment.stage()}));
    } catch (const Error& error) {
      problems.add(error.where().field, error.what(), error.advice());
    }
  }
  return found;
}

/// Rows stay with the rank that computes their lane, so all estimators that have lanes have as
/// many.
void check_estimators(const proto::Experiment& experiment, Problems& problems) {
  const auto estimators = estimators_of(experiment, problems);
  std::size_t wanted = 0;
  for (const auto& [position, estimator] : estimators)
    if (estimator->lanes() > 0) wanted = estimator->lanes();
  for (const auto& [position, estimator] : estimators) {
    estimator->check(experiment, problems);
    const std::size_t lanes = estimator->lanes();
    if (lanes == 0 || lanes == wanted) continue;
    const auto& stage = experiment.stage(position);
    problems.add(
        child(stage_path(stage, static_cast<std::size_t>(position)), "global_batch"),
        fmt::format("{} lanes (global_batch / lane_size), but a later estimator has {}: "
                    "rows would have to move between the ranks",
                    lanes, wanted),
        fmt::format("choose global_batch and lane_size so that there are {} lanes", wanted));
  }
  check_partitions(wanted, experiment.data(), problems);
}

/// Weights that nothing reads would change nothing, without a word.
void check_weights(const proto::Experiment& experiment, Problems& problems) {
  std::vector<std::string> read;
  for (int i = 0; i < experiment.stage_size(); ++i) {
    const auto& stage = experiment.stage(i);
    if (!is_estimator(stage)) continue;
    const auto names =
        make_estimator({stage, stage_path(stage, static_cast<std::size_t>(i)), experiment.stage()})
            ->input_columns();
    read.insert(read.end(), names.begin(), names.end());
  }
  for (int i = 0; i < experiment.stage_size(); ++i) {
    const auto& stage = experiment.stage(i);
    if (!stage.has_weight_by_class() || read.empty()) continue;
    const std::string& output = stage.weight_by_class().output_col();
    problems.require(std::find(read.begin(), read.end(), output) != read.end(),
                     child(stage_path(stage, static_cast<std::size_t>(i)), "output_col"),
                     fmt::format("no estimator reads the weights in '{}'", output),
                     "name the column in an estimator's weight_col");
  }
}

std::size_t lanes_of(const proto::Experiment& experiment) {
  Problems ignored;  // check_experiment has told
  std::size_t lanes = 0;
  for (const auto& [position, estimator] : estimators_of(experiment, ignored))
    lanes = std::max(lanes, estimator->lanes());
  return lanes;
}

/// What can be said of stages and evaluators before anything is fitted. @throws ConfigError
void check_schema(const proto::Experiment& experiment, const Pipeline& pipeline,
                  const data::Schema& source) {
  data::Schema schema = source;
  for (std::size_t i = 0; i < pipeline.stages().stages().size(); ++i) {
    if (i == pipeline.judged().position) {
      const auto columns = pipeline.judged().stage->columns(schema);
      if (!columns.open) make_evaluators(experiment.evaluate(), columns);
    }
    schema = pipeline.stages().stages()[i]->output_schema(schema);
  }
}

}  // namespace

bool has_estimator(const proto::Experiment& experiment) {
  return std::any_of(experiment.stage().begin(), experiment.stage().end(), is_estimator);
}

void check_experiment(const proto::Experiment& experiment, Problems& problems,
                      bool needs_estimator) {
  const auto& stages = experiment.stage();
  const bool open = std::any_of(stages.begin(), stages.end(), [](const auto& stage) {
    return stage.kind_case() == proto::Stage::KIND_NOT_SET;  // the ranges have told
  });
  if (needs_estimator && !open && !has_estimator(experiment)) {
    problems.add(
        "stage", "there is no estimator among the stages",
        "for example: stage { network { layer { dense { units: 10 activation: SOFTMAX } } } }");
  }
  for (int i = 0; i < experiment.stage_size(); ++i) {
    const auto& stage = experiment.stage(i);
    if (stage.kind_case() == proto::Stage::KIND_NOT_SET || is_estimator(stage)) continue;
    try {
      data::make_feature_stage(stage, fmt::format("stage[{}]", i));
    } catch (const Error& error) {
      problems.add(error.where().field, error.what(), error.advice());
    }
  }
  check_estimators(experiment, problems);
  check_weights(experiment, problems);
  check_data(experiment.data(), problems);
  check_windows(experiment, problems);
}

std::size_t partitions_of(const proto::Experiment& experiment) {
  if (experiment.data().has_partitions()) return experiment.data().partitions();
  const std::size_t lanes = std::max<std::size_t>(1, lanes_of(experiment));
  return ((kDefaultPartitions - 1) / lanes + 1) * lanes;
}

data::LoadOptions load_options(const Context& context, const proto::Experiment& experiment) {
  auto options = data::load_options(experiment.data(), experiment.seed());
  StepPlan plan;
  plan.partitions = options.partitions = partitions_of(experiment);
  const std::size_t lanes = lanes_of(experiment);
  plan.lanes = lanes > 0 ? lanes : plan.partitions;
  options.blocks =
      partition_blocks(plan, context.ranks.world_size(), lanes > 0 ? context.threads.size() : 1,
                       context.dedicated_driver());
  return options;
}

dist::ExchangeOptions exchange_of(const proto::Experiment& experiment,
                                  dist::ExchangeOptions options) {
  options.bucket_bytes =
      static_cast<std::size_t>(experiment.cluster().bucket_megabytes() * (1 << 20));
  return options;
}

std::unique_ptr<Prepared> prepare(const Context& context, const proto::Experiment& experiment) {
  auto prepared = std::make_unique<Prepared>();
  dist::all_or_none(context.ranks, [&] {
    prepared->pipeline = Pipeline(experiment.stage());
    // What can be said before the rows are read is said now.
    if (context.is_driver())
      check_schema(experiment, prepared->pipeline, data::peek_schema(experiment.data().train()));
  });
  prepared->loading = load_options(context, experiment);
  auto rows = load_datasets(context, experiment.data(), prepared->loading);
  prepared->source_schema = rows.source_schema;
  prepared->train = std::move(rows.train);
  prepared->validation = std::move(rows.validation);
  prepared->test = std::move(rows.test);
  prepared->has_test = experiment.data().has_test() || prepared->test.rows > 0;
  dist::all_or_none(context.ranks,
                    [&] { check_schema(experiment, prepared->pipeline, prepared->train.schema); });
  return prepared;
}

}  // namespace lockstep::ml
