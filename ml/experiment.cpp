#include "ml/experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/config.hpp"
#include "dist/session.hpp"
#include "ml/autoencoder.hpp"
#include "ml/datasets.hpp"
#include "ml/word_vectors.hpp"

namespace lockstep::ml {
namespace {

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

void check_training(const proto::Network& network, const proto::Data& data, const std::string& at,
                    Problems& problems) {
  const std::uint32_t lane = network.lane_size(), batch = network.global_batch();
  if (lane == 0 || batch == 0) return;  // the ranges have told
  problems.require(batch % lane == 0, child(at, "global_batch"),
                   fmt::format("global_batch {} is not a multiple of lane_size {}", batch, lane),
                   fmt::format("{} would be", (batch + lane - 1) / lane * lane));
  const bool validation = has_validation_rows(data);
  problems.require(validation || !network.has_early_stopping(), child(at, "early_stopping"),
                   "early stopping needs validation rows",
                   "set data.validation_fraction, for example to 0.1");
  problems.require(validation || !network.learning_rate_schedule().has_reduce_on_plateau(),
                   child(at, "learning_rate_schedule"), "reduce_on_plateau needs validation rows",
                   "set data.validation_fraction, for example to 0.1");
  const auto& sgd = network.optimizer().sgd();
  problems.require(!sgd.nesterov() || sgd.momentum() > 0, child(at, "optimizer.sgd.nesterov"),
                   "Nesterov needs momentum", "set momentum, for example to 0.9");
}

/// Estimators before the last one have as many lanes.
void check_partitions(const proto::Network& network, const proto::Data& data, Problems& problems) {
  const std::uint32_t lane = network.lane_size(), batch = network.global_batch();
  if (lane == 0 || batch == 0) return;  // the ranges have told
  const std::uint32_t lanes = std::max(1u, batch / lane);
  problems.require(
      !data.has_partitions() || data.partitions() % lanes == 0, "data.partitions",
      fmt::format(
          "{} partitions cannot be shared out evenly to {} lanes (global_batch / lane_size)",
          data.partitions(), lanes),
      fmt::format("give a multiple of {}, or leave it out", lanes));
}

void check_estimator(const proto::Stage& stage, const proto::Experiment& experiment,
                     const std::string& at, bool last, Problems& problems) {
  if (stage.has_autoencoder()) {
    check_autoencoder(stage.autoencoder(), at, problems);
    for (int i = 0; last && i < experiment.evaluate_size(); ++i) {
      problems.require(!experiment.evaluate(i).has_binary() || stage.autoencoder().has_label_col(),
                       fmt::format("evaluate[{}].binary", i),
                       "there are no known anomalies to compare an autoencoder's errors with",
                       "name their column in the autoencoder's label_col");
    }
  } else if (stage.has_sequence_to_sequence()) {
    check_sequence_to_sequence(stage.sequence_to_sequence(), experiment.stage(), at, problems);
  } else {
    problems.require(network_of(stage).layer_size() > 0, child(at, "layer"),
                     "a network needs at least one layer",
                     "write for example: layer { dense { units: 10 } }");
  }
  check_training(network_of(stage), experiment.data(), at, problems);
  if (last) check_partitions(network_of(stage), experiment.data(), problems);
}

}  // namespace

bool has_estimator(const proto::Experiment& experiment) {
  const int stages = experiment.stage_size();
  return stages > 0 && !data::is_feature_stage(experiment.stage(stages - 1));
}

void check_experiment(const proto::Experiment& experiment, Problems& problems,
                      bool needs_estimator) {
  const int stages = experiment.stage_size();
  const bool open = stages > 0 && experiment.stage(stages - 1).kind_case() ==
                                      proto::Stage::KIND_NOT_SET;  // the ranges have told
  needs_estimator = needs_estimator ||
                    std::any_of(experiment.stage().begin(), experiment.stage().end(), is_estimator);
  if (needs_estimator && !open && !has_estimator(experiment)) {
    problems.add(
        "stage", "the last stage must be an estimator",
        "for example: stage { network { layer { dense { units: 10 activation: SOFTMAX } } } }");
  }
  for (int i = 0; i < stages; ++i) {
    const std::string at = fmt::format("stage[{}]", i);
    const auto& stage = experiment.stage(i);
    if (stage.kind_case() == proto::Stage::KIND_NOT_SET) continue;  // the ranges have told
    if (!data::is_feature_stage(stage)) {
      check_estimator(stage, experiment, estimator_path(stage, i), i + 1 == stages, problems);
      continue;
    }
    try {
      data::make_feature_stage(stage, at);
    } catch (const Error& error) {
      problems.add(error.where().field, error.what(), error.advice());
    }
  }
  check_earlier(experiment, problems);
  check_data(experiment.data(), problems);
  check_windows(experiment, problems);
  check_word_vectors(experiment, problems);
}

StepPlan plan_steps(const proto::Network& network, const proto::Data& data) {
  StepPlan plan;
  plan.lane_size = network.lane_size();
  plan.lanes = network.global_batch() / network.lane_size();
  plan.accumulate = network.accumulate_batches();
  plan.partitions = data.has_partitions() ? data.partitions() : (63 / plan.lanes + 1) * plan.lanes;
  return plan;
}

StepPlan plan_steps(const proto::Experiment& experiment) {
  return plan_steps(network_of(experiment), experiment.data());
}

NetworkInput network_input(const proto::Network& config, const data::Schema& schema,
                           const std::string& at) {
  NetworkInput input;
  const auto& type = schema.at(config.input_col(), child(at, "input_col"));
  if (type.kind != data::ColumnType::Kind::Vector && type.kind != data::ColumnType::Kind::Image) {
    throw ConfigError(fmt::format("the network's input column '{}' is a {}", config.input_col(),
                                  data::to_string(type)),
                      {.field = child(at, "input_col")}, "it needs a vector or image column");
  }
  input.shape = type.shape;
  input.columns.input = config.input_col();
  input.columns.label = config.has_target_col() ? config.target_col() : config.label_col();
  const std::string label_field = child(at, config.has_target_col() ? "target_col" : "label_col");
  const auto& label = schema.at(input.columns.label, label_field);
  if (label.kind == data::ColumnType::Kind::String ||
      label.kind == data::ColumnType::Kind::Tokens) {
    throw ConfigError(fmt::format("the label column '{}' is of type {}, not a number",
                                  input.columns.label, data::to_string(label)),
                      {.field = label_field},
                      "a string_indexer stage numbers the classes; name its output_col here");
  }
  return input;
}

NetworkInput estimator_input(const proto::Stage& stage, const proto::Network& config,
                             const data::Schema& schema, const std::string& at) {
  NetworkInput input = network_input(config, schema, at);
  if (stage.has_autoencoder())
    input.columns.anomaly_label = anomaly_label(stage.autoencoder(), schema, at);
  return input;
}

std::vector<std::string> columns_needed(const NetworkColumns& columns) {
  std::vector<std::string> needed{columns.input};
  if (!columns.label.empty() && columns.label != columns.input) needed.push_back(columns.label);
  if (!columns.anomaly_label.empty()) needed.push_back(columns.anomaly_label);
  if (!columns.reference.empty()) needed.push_back(columns.reference);
  return needed;
}

void check_labels(const Context& context, const layers::Network& network,
                  const data::Dataset& dataset, const NetworkColumns& columns,
                  bool labels_optional) {
  const bool regression =
      network.task() == layers::Task::Regression || network.task() == layers::Task::Text;
  const std::string& column = regression ? columns.anomaly_label : columns.label;
  if (column.empty()) return;
  const double classes =
      network.task() == layers::Task::Multiclass ? static_cast<double>(network.outputs()) : 2;
  constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
  std::int64_t first_row[] = {kNone};
  double bad = 0;
  for (const auto& partition : dataset.own) {
    const auto& labels = std::get<data::Numbers>(partition.column(column)).values;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const bool fits =
          (labels[i] >= 0 && labels[i] < classes && labels[i] == std::floor(labels[i])) ||
          (labels_optional && data::is_missing(labels[i]));
      if (!fits && static_cast<std::int64_t>(partition.row_ids[i]) < first_row[0]) {
        first_row[0] = static_cast<std::int64_t>(partition.row_ids[i]);
        bad = labels[i];
      }
    }
    partition.release();
  }
  const std::int64_t own = first_row[0];
  context.ranks.allreduce_min(first_row);
  dist::all_or_none(context.ranks, [&] {
    if (first_row[0] == kNone || own != first_row[0]) return;
    throw DataError(
        fmt::format("label {} is outside 0..{}, in row {} (counted from 1)", bad, classes - 1,
                    own + 1),
        {.file = dataset.name, .field = column},
        regression
            ? "1 tells a known anomaly, 0 any other row"
            : fmt::format("the network's last layer gives {} classes; change its units or the "
                          "labels",
                          classes));
  });
}

}  // namespace lockstep::ml
