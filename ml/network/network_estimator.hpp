#pragma once
/// The estimators that train a network: network, autoencoder, sequence_to_sequence.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "layers/network.hpp"
#include "ml/network/network_models.hpp"
#include "ml/network/trainer.hpp"
#include "ml/pipeline/estimator.hpp"

namespace lockstep::ml {

class NetworkEstimator final : public Estimator {
 public:
  explicit NetworkEstimator(const StageContext& context);

  void check(const proto::Experiment& experiment, Problems& problems) const override;
  std::vector<std::string> input_columns() const override;
  bool can_do_without(const std::string& column) const override;
  data::Schema output_schema(const data::Schema& input) const override;
  PredictionColumns columns(const data::Schema& input) const override;
  std::size_t lanes() const override;
  Fitted fit(const FitInput& input) override;
  Description plan(const FitInput& input) override;

  /// Everything a trainer needs, ready: what fit() trains, and `bench` times.
  struct Setup {
    std::unique_ptr<NetworkParts> parts;  ///< compiled; no weights yet
    TrainingInput training;               ///< refers to the parts and to the rows
  };

  /// COLLECTIVE. @throws AgreedError
  Setup set_up(const FitInput& input);

 private:
  const layers::Network* compiled_for(const data::Schema& schema) const;
  std::unique_ptr<Model> model_of(NetworkParts parts, const FitInput& input) const;

  proto::Stage stage_;
  std::string at_;
  Stages all_;
  proto::Network config_;
  // Compiled for the last shape that was asked for, to know what comes out; before there is more
  // than one thread.
  mutable std::unique_ptr<layers::Network> compiled_;
};

}  // namespace lockstep::ml
