#pragma once
/// Predictions for people and files: columns that a model and the stages after it have added.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "ml/context.hpp"
#include "ml/evaluators/prediction_columns.hpp"

namespace lockstep::ml {

/// A table of predictions: the label of the rows where there is one, then what was added.
struct PredictionTable {
  data::Schema schema;  ///< the columns, in order
  PredictionColumns columns;
};

/// The table of rows with this schema. `added`: what stages have added to the source's rows, in
/// order. Labels that are vectors are left out.
PredictionTable prediction_table(const data::Schema& schema, const PredictionColumns& columns,
                                 const std::vector<std::string>& added);

/// COLLECTIVE. Calls write(text) on the driver with one CSV line a row, in the order of the rows in
/// their source, header first: row (counted from 1), label, then the table's columns; a vector is a
/// column a number. Where classes have names they stand beside the numbers: label_name,
/// prediction_name.
void write_predictions(const Context& context, const data::Dataset& dataset,
                       const PredictionTable& table,
                       const std::function<void(const std::string&)>& write);

/// COLLECTIVE. Header and the first `most` rows as cells for people, on the driver: vectors as
/// their first numbers, the probability of the predicted class in place of all of them.
std::vector<std::vector<std::string>> first_predictions(const Context& context,
                                                        const data::Dataset& dataset,
                                                        const PredictionTable& table,
                                                        std::uint64_t most);

}  // namespace lockstep::ml
