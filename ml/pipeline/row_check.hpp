#pragma once
/// Features, labels, weights and known anomalies, looked at before a model is fitted or judged.

#include "data/dataset.hpp"
#include "ml/context.hpp"
#include "ml/evaluators/prediction_columns.hpp"

namespace lockstep::ml {

enum class RowUse {
  Training,    ///< a missing label is an error
  Judging,     ///< rows whose label is missing are left out, which is said once
  Predicting,  ///< labels may be missing, and are checked where they are not
};

/// COLLECTIVE. Columns that the rows lack are passed over. A label is a class of the model, or a
/// finite number; a weight is finite and not negative; a known anomaly is 0 or 1.
/// @throws AgreedError (DataError) naming the first row, in file order, that does not fit; also if
/// rows are left out and none is left
void check_rows(const Context& context, data::Dataset& dataset, const PredictionColumns& columns,
                RowUse use);

}  // namespace lockstep::ml
