#pragma once
/// Feature stages. A fitted stage (transformer) adds columns to a partition; it is local and
/// MPI-free.

#include <memory>
#include <string>

#include "core/proto/stage.pb.h"
#include "data/dataset.hpp"
#include "data/table.hpp"

namespace lockstep::data {

class Transformer {
 public:
  virtual ~Transformer() = default;

  /// The schema after this stage. @throws ConfigError if a column is missing or of the wrong type.
  virtual Schema output_schema(const Schema& input) const = 0;

  /// Adds this stage's columns. @throws DataError naming the row and the value that do not fit.
  virtual void transform(Partition& partition) const = 0;

  /// The fitted stage as it goes into model/pipeline.textproto.
  virtual proto::Stage save() const = 0;
};

/// True for feature stages, false for estimators such as network.
bool is_feature_stage(const proto::Stage& stage);

/// Checks the stage's config against itself (not against data) and makes its transformer. `at` is
/// the config path, for example "stage[0]". Stages that must be fitted first come with a fit job
/// here later.
/// @throws ConfigError
std::unique_ptr<Transformer> make_transformer(const proto::Stage& stage, const std::string& at);

}  // namespace lockstep::data
