#include "ml/network/network_config.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/config.hpp"
#include "core/error.hpp"
#include "data/jobs/dataset_job.hpp"
#include "data/jobs/moments.hpp"
#include "data/stage.hpp"
#include "dist/session.hpp"
#include "ml/network/autoencoder.hpp"
#include "ml/network/sequence_to_sequence.hpp"
#include "ml/pipeline/datasets.hpp"

namespace lockstep::ml {
namespace {

/// Mean and spread of each number of a target column.
class TargetMoments {
 public:
  TargetMoments(std::string column, std::size_t width)
      : column_(std::move(column)), width_(width) {}

  data::Moments map(const data::Partition& partition) const {
    return data::moments_of(partition.column(column_), data::all_rows(partition), width_);
  }
  data::Moments merge(data::Moments left, const data::Moments& right) const {
    return data::merge(std::move(left), right);
  }
  data::Moments finish(data::Moments total) const {
    return data::without_rounding(std::move(total));
  }

 private:
  std::string column_;
  std::size_t width_;
};

}  // namespace

proto::Network network_of(const proto::Stage& stage) {
  switch (stage.kind_case()) {
    case proto::Stage::kNetwork:
      return stage.network();
    case proto::Stage::kAutoencoder:
      return network_of(stage.autoencoder());
    case proto::Stage::kSequenceToSequence:
      return network_of(stage.sequence_to_sequence());
    default:
      break;
  }
  throw InternalError("a stage that is no estimator is asked for its network");
}

std::unique_ptr<layers::Network> compile(const proto::Stage& stage, const proto::Network& config,
                                         const Shape& input, const std::string& at) {
  if (!stage.has_autoencoder()) return std::make_unique<layers::Network>(config, input, at);
  auto network =
      std::make_unique<layers::Network>(config, input, at, outline_of(stage.autoencoder(), at));
  check_reconstruction(stage.autoencoder(), *network, at);
  return network;
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
  problems.require(network.handle_invalid() != proto::KEEP, child(at, "handle_invalid"),
                   "a network has no place for features that are not finite",
                   "take ERROR or SKIP, or fill them first: stage imputer");
  const auto& sgd = network.optimizer().sgd();
  problems.require(!sgd.nesterov() || sgd.momentum() > 0, child(at, "optimizer.sgd.nesterov"),
                   "Nesterov needs momentum", "set momentum, for example to 0.9");
}

bool columns_tell(const proto::Network& network, const data::Schema& schema) {
  if (network.layer_size() == 0 || !network.layer(0).has_embedding() ||
      network.layer(0).embedding().has_vocabulary_size())
    return true;
  const auto& features = schema.at(network.input_col(), "input_col").features;
  return features && !features->empty() && features->front().arity > 0;
}

void fill_from_columns(proto::Network& network, const data::Schema& schema, const std::string& at) {
  if (network.layer_size() == 0) return;
  if (network.layer(0).has_encoder_decoder() && network.has_target_col())
    return fill_from_columns(*network.mutable_layer(0)->mutable_encoder_decoder(), network, schema,
                             at);
  if (!network.layer(0).has_embedding()) return;
  auto& embedding = *network.mutable_layer(0)->mutable_embedding();
  if (embedding.has_vocabulary_size()) return;
  const auto& type = schema.at(network.input_col(), at + ".input_col");
  const bool known = type.features && !type.features->empty() &&
                     type.features->front().kind == data::Feature::Kind::Nominal &&
                     type.features->front().arity > 0;
  if (!known) {
    throw ConfigError(
        fmt::format("the column '{}' does not tell how many words there are", network.input_col()),
        {.field = at + ".layer[0].embedding.vocabulary_size"},
        "give the number, or make the ids by a token_indexer stage");
  }
  embedding.set_vocabulary_size(static_cast<std::uint32_t>(type.features->front().arity));
}

std::string target_of(const proto::Network& network) {
  return network.has_target_col() ? network.target_col() : network.label_col();
}

Shape input_shape(const proto::Network& network, const data::Schema& schema,
                  const std::string& at) {
  const auto& type = schema.at(network.input_col(), child(at, "input_col"));
  if (type.kind != data::ColumnType::Kind::Vector && type.kind != data::ColumnType::Kind::Image) {
    throw ConfigError(fmt::format("the network's input column '{}' is a {}", network.input_col(),
                                  data::to_string(type)),
                      {.field = child(at, "input_col")}, "it needs a vector or image column");
  }
  return type.shape;
}

namespace {

void check_label(const proto::Network& network, const layers::Network& compiled,
                 const data::ColumnType& label, const std::string& at) {
  const std::string name = target_of(network);
  const std::size_t numbers = label.shape.size();
  const bool classes =
      compiled.task() == layers::Task::Multiclass || compiled.task() == layers::Task::Binary;
  if (!classes && numbers != compiled.labels_per_row()) {
    throw ConfigError(
        fmt::format("the network has {} outputs, the target column '{}' has {} numbers a row",
                    compiled.labels_per_row(), name, numbers),
        {.field = child(at, "layer")}, "give the last layer as many units");
  }
  if (classes && numbers != 1) {
    throw ConfigError("a classifier's label is one number a row",
                      {.field = child(at, "target_col")}, "use label_col");
  }
}

}  // namespace

void check_targets(const proto::Network& network, const layers::Network& compiled,
                   const data::Schema& schema, const std::string& at) {
  if (network.standardize_target() && compiled.task() != layers::Task::Regression) {
    throw ConfigError("standardize_target is for regressions; this network learns classes",
                      {.field = child(at, "standardize_target")}, "leave it out");
  }
  const std::string target = target_of(network);
  if (schema.has(target)) check_label(network, compiled, schema.at(target, ""), at);
}

void learn_target_scale(const Context& context, const data::Dataset& train,
                        proto::Network& network) {
  const std::string target_col = target_of(network);
  if (!network.standardize_target() || network.model().target_mean_size() > 0) return;
  const std::size_t width = train.schema.at(target_col, "target_col").shape.size();
  const auto moments = data::run_job(context, TargetMoments(target_col, width), train);
  dist::all_or_none(context.ranks, [&] {
    for (std::size_t j = 0; j < width; ++j) {
      const double deviation = std::sqrt(moments.sample_variance(j));
      if (!std::isfinite(moments.mean[j]) || !std::isfinite(deviation)) {
        throw DataError(fmt::format("a target in column '{}' is missing or not finite", target_col),
                        {.file = train.name, .field = target_col},
                        "fill or drop such rows first: stages fill_nulls, drop_nulls");
      }
      network.mutable_model()->add_target_mean(moments.mean[j]);
      network.mutable_model()->add_target_deviation(deviation > 0 ? deviation : 1);
    }
  });
}

}  // namespace lockstep::ml
