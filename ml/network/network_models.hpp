#pragma once
/// The models of estimators that train a network. Each adds its columns lane by lane, so that a
/// row's prediction is a function of the row and the weights alone.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "layers/network.hpp"
#include "ml/network/scorer.hpp"
#include "ml/network/sequence_to_sequence.hpp"
#include "ml/pipeline/estimator.hpp"

namespace lockstep::ml {

/// A stage, the network it has become, and its weights.
struct NetworkParts {
  proto::Stage stage;  ///< as fitted
  std::string at;      ///< "stage[2].network"
  proto::Network config;
  std::unique_ptr<layers::Network> network;
  Buffer<float> parameters{}, packed{};
  std::unique_ptr<Scorer> scorer{};

  /// Takes a flat vector of the network. Afterwards the scorer is there.
  void take_weights(std::span<const float> flat);

  /// Compiles the stage's network for the schema. @throws ConfigError
  static NetworkParts compiled(const proto::Stage& stage, const std::string& at,
                               const data::Schema& input);

  /// The same with the weights that save() has kept. @throws ConfigError, FileError
  static NetworkParts loaded(const StageContext& context, const std::vector<NamedTensor>& tensors,
                             const data::Schema& input, const std::string& path);
};

/// Columns that a stage of this kind adds and reads, for a network that gives these outputs;
/// without a network the widths are open. `all`: the stages of the pipeline.
PredictionColumns prediction_columns(const proto::Stage& stage, const layers::Network* network,
                                     const Stages& all);

/// The schema with them. @throws ConfigError
data::Schema with_predictions(const proto::Stage& stage, const layers::Network* network,
                              const PredictionColumns& columns, const data::Schema& input,
                              const std::string& at, bool with_reconstruction);

/// What the three models have in common.
class NetworkModelBase : public Model {
 public:
  NetworkModelBase(NetworkParts parts, PredictionColumns columns)
      : parts_(std::move(parts)), columns_(std::move(columns)) {}

  std::vector<std::string> input_columns() const override;
  bool can_do_without(const std::string& column) const override;
  data::Schema output_schema(const data::Schema& input) const override;
  const PredictionColumns& columns() const override { return columns_; }
  SavedModel save() const override;
  Description describe() const override;

  const layers::Network& network() const noexcept { return *parts_.network; }
  std::span<const float> parameters() const noexcept { return parts_.parameters.span(); }

 protected:
  /// Columns of the partition that the network can read: a label it lacks is left out.
  LaneColumns lane_columns(const data::Partition& partition) const;
  virtual bool adds_all() const { return false; }

  NetworkParts parts_;
  PredictionColumns columns_;
};

/// Classes with their probabilities, numbers, or vectors.
class NetworkModel final : public NetworkModelBase {
 public:
  using NetworkModelBase::NetworkModelBase;
  static std::unique_ptr<Model> load(const StageContext& context,
                                     const std::vector<NamedTensor>& tensors,
                                     const data::Schema& input, const std::string& path);
  data::Effect transform(data::Partition& partition, data::Phase phase) const override;
};

/// Error, whether that is an anomaly, code; and the reconstruction where all columns are wanted, or
/// the config names it.
class AutoencoderModel final : public NetworkModelBase {
 public:
  AutoencoderModel(NetworkParts parts, PredictionColumns columns);
  static std::unique_ptr<Model> load(const StageContext& context,
                                     const std::vector<NamedTensor>& tensors,
                                     const data::Schema& input, const std::string& path);
  data::Effect transform(data::Partition& partition, data::Phase phase) const override;
  void add_all_columns() override { reconstructs_ = true; }

 protected:
  bool adds_all() const override { return reconstructs_; }

 private:
  bool reconstructs_;
};

/// Texts as tokens.
class TranslationModel final : public NetworkModelBase {
 public:
  TranslationModel(NetworkParts parts, PredictionColumns columns, const Stages& fitted);
  static std::unique_ptr<Model> load(const StageContext& context,
                                     const std::vector<NamedTensor>& tensors,
                                     const data::Schema& input, const std::string& path);
  data::Effect transform(data::Partition& partition, data::Phase phase) const override;

 private:
  TargetTexts texts_;
};

/// The mean over the outputs of (output - target)^2 of each row, as a float. @throws DataError
/// naming a row whose error is not finite
void mean_squares(const data::Partition& partition, const ScoredRows& scored,
                  std::vector<float>& errors);

}  // namespace lockstep::ml
