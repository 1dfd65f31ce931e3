#include "ml/estimator.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"
#include "data/dataset_job.hpp"
#include "data/features/moments.hpp"
#include "data/stage.hpp"
#include "dist/session.hpp"
#include "ml/autoencoder.hpp"
#include "ml/sequence_to_sequence.hpp"

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

bool is_estimator(const proto::Stage& stage) {
  return stage.kind_case() != proto::Stage::KIND_NOT_SET && !data::is_feature_stage(stage);
}

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

proto::Network network_of(const proto::Experiment& experiment) {
  return network_of(experiment.stage(experiment.stage_size() - 1));
}

std::string estimator_path(const proto::Stage& stage, int position) {
  const auto* field = proto::Stage::descriptor()->FindFieldByNumber(stage.kind_case());
  return fmt::format("stage[{}].{}", position, field == nullptr ? "network" : field->name());
}

std::string estimator_path(const proto::Experiment& experiment) {
  const int last = experiment.stage_size() - 1;
  return estimator_path(experiment.stage(last), last);
}

void complete(proto::Network& network, const data::Schema& schema, const std::string& at) {
  if (network.layer_size() == 0) return;
  if (network.layer(0).has_encoder_decoder() && network.has_target_col())
    return complete(*network.mutable_layer(0)->mutable_encoder_decoder(), network, schema, at);
  if (!network.layer(0).has_embedding()) return;
  auto& embedding = *network.mutable_layer(0)->mutable_embedding();
  if (embedding.has_vocabulary_size()) return;
  const auto& type = schema.at(network.input_col(), at + ".input_col");
  const bool known = type.features && !type.features->empty() &&
                     type.features->front().kind == data::Feature::Kind::Nominal;
  if (known && type.features->front().arity > 0) {
    embedding.set_vocabulary_size(static_cast<std::uint32_t>(type.features->front().arity));
  } else if (!type.open_width) {
    throw ConfigError(
        fmt::format("the column '{}' does not tell how many words there are", network.input_col()),
        {.field = at + ".layer[0].embedding.vocabulary_size"},
        "give the number, or make the ids by a token_indexer stage");
  } else {
    embedding.set_vocabulary_size(1);  // before the stages are fitted: nobody computes with it
  }
}

void learn_target_scale(const Context& context, const data::Dataset& train,
                        const std::string& target_col, proto::Network& network) {
  if (!network.standardize_target() || network.model().target_mean_size() > 0) return;
  const std::size_t width = train.schema.at(target_col, "target_col").shape.size();
  const auto moments =
      data::run_job(context.ranks, context.threads, TargetMoments(target_col, width), train);
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
