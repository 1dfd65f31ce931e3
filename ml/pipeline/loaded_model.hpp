#pragma once
/// A trained model taken up from its folder, ready to predict on all ranks.

#include <memory>
#include <string>

#include "core/proto/model.pb.h"
#include "data/dataset.hpp"
#include "ml/context.hpp"
#include "ml/pipeline/model_folder.hpp"
#include "ml/pipeline/predictions.hpp"

namespace lockstep::ml {

/// Rows with what a model predicts for them.
struct PredictedRows {
  data::Dataset dataset;
  PredictionColumns columns;  ///< without those that the rows lack
  PredictionTable table;
};

class LoadedModel {
 public:
  /// COLLECTIVE. The driver reads `path` (a model or run folder), everybody gets it. @throws
  /// AgreedError
  static std::unique_ptr<LoadedModel> open(const Context& context, const std::string& path);

  const proto::Pipeline& saved() const noexcept { return saved_; }
  const Pipeline& pipeline() const noexcept { return pipeline_; }

  /// Large columns are added, too (Model::add_all_columns). Before predict().
  void add_all_columns() { pipeline_.judged().stage->model().add_all_columns(); }

  /// COLLECTIVE. Reads `path` as the training rows were read (or as its name says, if that was
  /// synthetic) and applies all stages. Rows without a label are left out if they are to be judged.
  /// @throws AgreedError
  PredictedRows predict(const Context& context, const std::string& path, bool judging) const;

 private:
  LoadedModel() = default;
  data::Dataset load(const Context& context, const std::string& path,
                     data::LoadOptions& options) const;

  proto::Pipeline saved_;
  Pipeline pipeline_;
  data::Schema schema_;  // of the source
};

}  // namespace lockstep::ml
