#pragma once
/// Model folders: pipeline.textproto (every fitted stage), weights.safetensors, and
/// stage_N.safetensors of each estimator before the last; written whole or not at all.

#include <memory>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "core/files.hpp"
#include "core/proto/model.pb.h"
#include "data/stage.hpp"
#include "data/table.hpp"
#include "layers/network.hpp"
#include "ml/safetensors.hpp"

namespace lockstep::ml {

/// The parameters of a flat vector as named, plain tensors, first layer first; `prefix` goes before
/// each name. `weights_only` leaves running statistics out (optimizer state has none).
std::vector<NamedTensor> to_tensors(const layers::Network& network, std::span<const float> flat,
                                    const std::string& prefix = {}, bool weights_only = false);

/// The way back. @throws FileError naming `path` and the tensor that is missing or has another
/// shape.
void from_tensors(const layers::Network& network, const std::vector<NamedTensor>& tensors,
                  std::span<float> flat, const std::string& path, const std::string& prefix = {},
                  bool weights_only = false);

/// The bytes of a file of weights.
std::string weights_file(const layers::Network& network, std::span<const float> parameters);

/// Writes the model folder `path` durably, with `earlier` files of weights besides those of the
/// network. Where one is there, a power cut leaves the old or the new one for read_model.
void save_model(Files& files, const std::string& path, proto::Pipeline pipeline,
                const layers::Network& network, std::span<const float> parameters,
                const std::vector<NamedBytes>& earlier = {});

/// A model folder in memory: what a rank needs to predict. Local.
struct ModelFiles {
  proto::Pipeline pipeline;
  std::string weights;                       ///< bytes of weights.safetensors
  std::vector<std::string> earlier_weights;  ///< of the files of pipeline.earlier_weights
  std::string path;
};

/// `path` is a model folder, or a run folder with one in it; also one that a power cut caught while
/// it was being replaced.
/// @throws FileError if anything is missing or damaged.
ModelFiles read_model(const Files& files, const std::string& path);

/// Between a schema and its saved form.
void save_schema(const data::Schema& schema, proto::Pipeline& pipeline);
data::Schema load_schema(const proto::Pipeline& pipeline);

}  // namespace lockstep::ml
