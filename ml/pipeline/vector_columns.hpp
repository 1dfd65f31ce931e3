#pragma once
/// The columns of an estimator over vectors: features, and a label and weights where it has them.
/// What all classic models say of their columns in the same way.

#include <string>
#include <vector>

#include "core/problems.hpp"
#include "core/proto/column_features.pb.h"
#include "data/table.hpp"
#include "ml/evaluators/prediction_columns.hpp"

namespace lockstep::ml {

struct VectorColumns {
  std::string features;
  std::string label = {}, weight = {};  ///< number columns; empty: none
  bool skips_invalid = false;           ///< rows whose features are not finite are left out

  /// Of a config with input_col, weight_col and handle_invalid.
  template <typename Config>
  static VectorColumns of(const Config& config) {
    return {config.input_col(), {}, config.weight_col(), config.handle_invalid() == proto::SKIP};
  }

  std::vector<std::string> names() const;

  /// True for those that rows to be predicted may lack.
  bool can_do_without(const std::string& column) const { return column != features; }

  /// Numbers a row; 0 while the width is open. `at`: config path of the stage. @throws ConfigError
  /// unless the features are vectors, label and weight numbers; those that are absent are passed
  /// over if `predicting`
  std::size_t width(const data::Schema& schema, const std::string& at,
                    bool predicting = false) const;

  /// The same for a model of `width` numbers. @throws ConfigError also for another width
  void require_width(const data::Schema& schema, const std::string& at, std::size_t width) const;

  /// Names of the features; empty where the column knows none.
  std::vector<std::string> feature_names(const data::Schema& schema) const;

  /// These columns, for a model that predicts such a task into `prediction`.
  PredictionColumns predicting(Task task, const std::string& prediction) const;
};

/// KEEP is no choice for features that are not finite. Adds to `problems`.
void check_handle_invalid(proto::HandleInvalid choice, const std::string& at, Problems& problems);

}  // namespace lockstep::ml
