#pragma once
/// An autoencoder before the end of the stages. While it is trained it is an estimator; then it is
/// a feature stage that adds its code, its error and, where it has a threshold, whether that is an
/// anomaly to the rows. docs/decisions/0014.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "data/pipeline.hpp"
#include "data/stage.hpp"
#include "layers/network.hpp"
#include "ml/context.hpp"
#include "ml/scoring.hpp"

namespace lockstep::ml {

class AppliedAutoencoder final : public data::FeatureStage {
 public:
  /// `at` is the config path of the stage: "stage[1]". Expects an autoencoder.
  AppliedAutoencoder(proto::Stage stage, const std::string& at);

  std::vector<std::string> input_columns() const override;
  /// Compiles the network to know the width of the code, which is open while that of the input is.
  data::Schema output_schema(const data::Schema& input) const override;
  bool is_fitted() const override { return parameters_.size() > 0; }
  data::Effect transform(data::Partition& partition, data::Phase phase) const override;
  proto::Stage save() const override { return stage_; }

  /// Compiles the network for the column as it is, as training needs it. Local. @throws ConfigError
  void compile(const data::Schema& schema);

  /// Behind compile(): its network and what it reads.
  layers::Network& network() noexcept { return *network_; }
  const layers::Network& network() const noexcept { return *network_; }
  const proto::Network& config() const noexcept { return config_; }
  const NetworkColumns& columns() const noexcept { return columns_; }

  /// The weights it is to be applied with: a flat vector of the network. It is fitted from now on.
  void take_weights(std::span<const float> parameters);

  /// COLLECTIVE. What it learns from the errors of the training rows, behind take_weights().
  /// @throws AgreedError
  void learn_from_errors(const Context& context, const data::Dataset& train);

  std::span<const float> parameters() const noexcept { return parameters_.span(); }
  const proto::Stage& stage() const noexcept { return stage_; }
  const std::string& at() const noexcept { return at_; }  ///< "stage[1].autoencoder"

 private:
  /// What it adds to a schema, with a code of this type.
  void add_columns(data::Schema& schema, data::ColumnType code) const;
  bool tells_anomalies() const;
  void compile_for(const data::Schema& schema) const;

  proto::Stage stage_;
  std::string at_;
  NetworkColumns columns_;  // its input is its target
  // Compiled by output_schema() for the first time, before there is more than one thread.
  mutable proto::Network config_;
  mutable std::unique_ptr<layers::Network> network_;
  Buffer<float> parameters_, packed_;
  std::unique_ptr<Scorer> scorer_;
};

/// The stages before the last estimator. @throws ConfigError
data::Pipeline make_pipeline(const std::vector<proto::Stage>& stages);

}  // namespace lockstep::ml
