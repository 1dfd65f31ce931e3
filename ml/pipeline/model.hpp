#pragma once
/// Models: what estimators learn. A model is a transformer that adds its predictions to the rows.

#include <string>
#include <vector>

#include "core/proto/stage.pb.h"
#include "data/transformer.hpp"
#include "ml/evaluators/prediction_columns.hpp"
#include "ml/pipeline/description.hpp"
#include "ml/pipeline/safetensors.hpp"

namespace lockstep::ml {

/// A model as it goes into a model folder: its stage of pipeline.textproto and its file of tensors.
struct SavedModel {
  proto::Stage stage;
  std::vector<NamedTensor> tensors;
};

class Model : public data::Transformer {
 public:
  /// What it reads and adds. Of rows that lack a column, see within().
  virtual const PredictionColumns& columns() const = 0;

  /// Adds columns, too, that are large and that only a judge or a person reads, such as an
  /// autoencoder's reconstruction. Before other threads see the model.
  virtual void add_all_columns() {}

  virtual SavedModel save() const = 0;

  /// What `show` and the report print.
  virtual Description describe() const = 0;
};

}  // namespace lockstep::ml
