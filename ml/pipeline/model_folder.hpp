#pragma once
/// Model folders: pipeline.textproto (every fitted stage) and a file of tensors for each estimator,
/// weights.safetensors of the last one, stage_N.safetensors of one before it; written whole or not
/// at all.

#include <string>
#include <vector>

#include "core/files.hpp"
#include "core/proto/model.pb.h"
#include "data/table.hpp"
#include "ml/pipeline/pipeline.hpp"

namespace lockstep::ml {

/// A model folder in memory: what a rank needs to predict. Local.
struct ModelFiles {
  proto::Pipeline pipeline;
  std::vector<std::string> tensors;  ///< bytes of the files of pipeline.tensors
  std::string path;
};

/// Fills in `saved`, which tells of the experiment already, with the fitted stages, and makes the
/// files of their tensors.
std::vector<NamedBytes> save_stages(const Pipeline& pipeline, proto::Pipeline& saved);

/// Writes the model folder `path` durably. Where one is there, a power cut leaves the old or the
/// new one for read_model.
void save_model(Files& files, const std::string& path, proto::Pipeline saved,
                const Pipeline& pipeline);

/// `path` is a model folder, or a run folder with one in it; also one that a power cut caught while
/// it was being replaced.
/// @throws FileError if anything is missing or damaged.
ModelFiles read_model(const Files& files, const std::string& path);

/// The fitted pipeline of a model folder. @throws FileError, ConfigError
Pipeline load_pipeline(const ModelFiles& files);

/// Between a schema and its saved form.
void save_schema(const data::Schema& schema, proto::Pipeline& pipeline);
data::Schema load_schema(const proto::Pipeline& pipeline);

}  // namespace lockstep::ml
