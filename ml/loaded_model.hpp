#pragma once
/// A trained model taken up from its folder, ready to predict on all ranks.

#include <memory>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "core/proto/model.pb.h"
#include "data/pipeline.hpp"
#include "layers/network.hpp"
#include "ml/context.hpp"
#include "ml/earlier_estimator.hpp"
#include "ml/model.hpp"
#include "ml/scoring.hpp"

namespace lockstep::ml {

class LoadedModel {
 public:
  /// COLLECTIVE. The driver reads `path` (a model or run folder), everybody gets it. @throws
  /// AgreedError
  static std::unique_ptr<LoadedModel> open(const Context& context, const std::string& path);

  const proto::Pipeline& pipeline() const noexcept { return pipeline_; }
  const layers::Network& network() const noexcept { return *network_; }
  const Scorer& scorer() const noexcept { return *scorer_; }
  const proto::Stage& estimator() const;  ///< as trained
  /// Those before the last one, applied by load().
  const std::vector<EarlierEstimator>& earlier() const noexcept { return earlier_; }
  std::uint32_t lane_size() const;

  /// Of all rows, with what the estimator has to tell; they refer to this model.
  PredictionOptions prediction_options() const;

  /// COLLECTIVE. Reads `path` as the training rows were read (or as its name says, if that was
  /// synthetic) and applies the stages. `columns` gets what the network reads; its labels are
  /// empty if the file has none.
  data::Dataset load(const Context& context, const std::string& path,
                     NetworkColumns& columns) const;

 private:
  LoadedModel() = default;
  void take_up(const ModelFiles& files);

  proto::Pipeline pipeline_;
  proto::Network config_;  // of the estimator
  data::Pipeline stages_;
  std::vector<EarlierEstimator> earlier_;  // of stages_
  std::unique_ptr<layers::Network> network_;
  NetworkColumns columns_;
  data::Schema schema_;  // of the source
  Buffer<float> parameters_, packed_;
  std::unique_ptr<TargetTexts> texts_;  // of a network that writes them
  std::unique_ptr<Scorer> scorer_;
};

/// COLLECTIVE. Leaves out the rows whose label is missing and returns how many they are. @throws
/// AgreedError (DataError) if no row is left
std::uint64_t drop_unlabelled(const Context& context, data::Dataset& dataset,
                              const NetworkColumns& columns);

}  // namespace lockstep::ml
