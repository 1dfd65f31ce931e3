#pragma once
/// A small pipeline for tests: an autoencoder of three numbers, and a network on its code, with the
/// weights they start with.

#include <google/protobuf/text_format.h>

#include "core/proto/model.pb.h"
#include "layers/network.hpp"
#include "ml/network/network_models.hpp"
#include "ml/pipeline/pipeline.hpp"
#include "tests/catch.hpp"

namespace lockstep::ml {

inline data::Schema source_schema() {
  data::Schema schema;
  schema.add("features", data::vector_type(std::size_t{3}));
  schema.add("label", data::ColumnType{});
  return schema;
}

/// Five rows of three numbers and a label.
inline data::Partition five_rows() {
  data::Partition partition;
  partition.row_ids = std::vector<std::uint64_t>{0, 1, 2, 3, 4};
  std::vector<double> values;
  for (int i = 0; i < 15; ++i) values.push_back(i % 4 - 1.5);
  partition.set("features", data::DenseVectors{3, std::move(values)});
  partition.set("label", data::Numbers{{0, 1, 1, 0, 1}});
  return partition;
}

inline Stages stages_of(const std::string& text) {
  proto::Pipeline parsed;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &parsed));
  return parsed.stage();
}

/// Networks of all estimators with the weights that `seed` gives.
inline void take_first_weights(Pipeline& pipeline, data::Schema schema, std::uint64_t seed) {
  for (const auto& stage : pipeline.stages().stages()) {
    if (auto* estimator = dynamic_cast<EstimatorStage*>(stage.get())) {
      auto parts = NetworkParts::compiled(estimator->save(), estimator->at(), schema);
      Buffer<float> flat(parts.network->parameter_floats());
      parts.network->initialize(seed, flat.span());
      parts.take_weights(flat.span());
      auto columns = prediction_columns(parts.stage, parts.network.get(), {});
      if (parts.stage.has_autoencoder())
        estimator->take(std::make_unique<AutoencoderModel>(std::move(parts), std::move(columns)));
      else
        estimator->take(std::make_unique<NetworkModel>(std::move(parts), std::move(columns)));
    }
    schema = stage->output_schema(schema);
  }
}

inline Pipeline fitted_pipeline(std::uint64_t seed) {
  layers::prepare_thread();
  Pipeline pipeline(stages_of(
      "stage { autoencoder { encoder { layer { dense { units: 2 activation: TANH } } } "
      "decoder { layer { dense { units: 3 } } } lane_size: 4 model { anomaly_threshold: 0.7 } } } "
      "stage { network { input_col: 'code' layer { dense { units: 3 activation: SOFTMAX } } "
      "lane_size: 4 } }"));
  take_first_weights(pipeline, source_schema(), seed);
  return pipeline;
}

/// The probabilities of the five rows.
inline std::vector<double> predicted(const Pipeline& pipeline) {
  auto partition = five_rows();
  for (const auto& stage : pipeline.stages().stages())
    stage->transform(partition, data::Phase::Scoring);
  const auto& values = partition.get<data::DenseVectors>("probability").values;
  return {values.begin(), values.end()};
}

}  // namespace lockstep::ml
