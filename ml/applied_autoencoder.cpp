#include "ml/applied_autoencoder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/config.hpp"
#include "core/error.hpp"
#include "core/values.hpp"
#include "ml/autoencoder.hpp"
#include "ml/estimator.hpp"
#include "ml/experiment.hpp"

namespace lockstep::ml {
namespace {

/// 0 or 1.
data::ColumnType anomaly_type(const std::string& name) {
  data::ColumnType type;
  type.format = data::ColumnType::Format::Integer;
  type.features = std::make_shared<std::vector<data::Feature>>(
      1, data::Feature{name, data::Feature::Kind::Binary, 2, {}});
  return type;
}

/// The columns it adds to a partition, row after row.
struct Added {
  std::vector<double> codes, errors, anomalies;

  void add(const Scored& scored, double threshold) {
    codes.insert(codes.end(), scored.codes.begin(), scored.codes.end());
    errors.insert(errors.end(), scored.errors.begin(), scored.errors.end());
    for (const float error : scored.errors)
      anomalies.push_back(static_cast<double>(error) > threshold ? 1 : 0);
  }
};

}  // namespace

AppliedAutoencoder::AppliedAutoencoder(proto::Stage stage, const std::string& at)
    : stage_(std::move(stage)), at_(at + ".autoencoder") {
  columns_.input = columns_.label = stage_.autoencoder().input_col();
}

std::vector<std::string> AppliedAutoencoder::input_columns() const { return {columns_.input}; }

bool AppliedAutoencoder::tells_anomalies() const {
  return stage_.autoencoder().has_anomaly_quantile() ||
         stage_.autoencoder().model().has_anomaly_threshold();
}

void AppliedAutoencoder::add_columns(data::Schema& schema, data::ColumnType code) const {
  const auto& config = stage_.autoencoder();
  data::add_output(schema, config.code_col(), std::move(code), child(at_, "code_col"));
  data::add_output(schema, config.error_col(), {}, child(at_, "error_col"));
  if (tells_anomalies())
    data::add_output(schema, config.anomaly_col(), anomaly_type(config.anomaly_col()),
                     child(at_, "anomaly_col"));
}

data::Schema AppliedAutoencoder::output_schema(const data::Schema& input) const {
  const auto& type = input.at(columns_.input, child(at_, "input_col"));
  data::Schema schema = input;
  if (type.open_width && !is_fitted()) {
    data::ColumnType code = data::vector_type(std::size_t{0});
    code.open_width = true;
    add_columns(schema, std::move(code));
    return schema;
  }
  compile_for(input);
  add_columns(schema, data::vector_type(network_->tap_size()));
  return schema;
}

void AppliedAutoencoder::compile(const data::Schema& schema) { compile_for(schema); }

void AppliedAutoencoder::compile_for(const data::Schema& schema) const {
  auto config = network_of(stage_);
  const auto input = network_input(config, schema, at_);
  if (network_ && network_->input() == input.shape) return;
  if (is_fitted()) {
    throw ConfigError(
        fmt::format("the autoencoder was trained on {}, the column '{}' is {}",
                    to_string(network_->input()), columns_.input, to_string(input.shape)),
        {.field = child(at_, "input_col")}, "give rows of the same width");
  }
  complete(config, schema, at_);
  network_ = ml::compile(stage_, config, input.shape, at_);
  config_ = std::move(config);
}

void AppliedAutoencoder::take_weights(std::span<const float> parameters) {
  expects(network_ != nullptr && parameters.size() == network_->parameter_floats(),
          "weights are those of the compiled network");
  parameters_ = Buffer<float>(parameters.size());
  std::copy(parameters.begin(), parameters.end(), parameters_.data());
  packed_ = Buffer<float>(network_->packed_floats());
  network_->pack(parameters_.span(), packed_.span());
  scorer_ =
      std::make_unique<Scorer>(*network_, parameters_.span(), packed_.span(), config_.lane_size());
}

void AppliedAutoencoder::learn_from_errors(const Context& context, const data::Dataset& train) {
  learn_threshold(context, *scorer_, train, columns_, *stage_.mutable_autoencoder());
}

data::Effect AppliedAutoencoder::transform(data::Partition& partition, data::Phase) const {
  const auto& config = stage_.autoencoder();
  Added added;
  scorer_->score(partition, columns_,
                 [&](const Scored& scored, std::size_t, const layers::LaneResult&) {
                   added.add(scored, config.model().anomaly_threshold());
                 });
  partition.set(config.code_col(),
                data::DenseVectors{network_->tap_size(), Values<double>(std::move(added.codes))});
  partition.set(config.error_col(), data::Numbers{Values<double>(std::move(added.errors))});
  if (tells_anomalies())
    partition.set(config.anomaly_col(), data::Numbers{Values<double>(std::move(added.anomalies))});
  return {};
}

data::Pipeline make_pipeline(const std::vector<proto::Stage>& stages) {
  return data::Pipeline(
      stages,
      [](const proto::Stage& stage, const std::string& at) -> std::unique_ptr<data::FeatureStage> {
        if (!stage.has_autoencoder()) return data::make_feature_stage(stage, at);
        return std::make_unique<AppliedAutoencoder>(stage, at);
      });
}

}  // namespace lockstep::ml
