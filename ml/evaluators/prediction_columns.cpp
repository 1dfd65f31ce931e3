#include "ml/evaluators/prediction_columns.hpp"

namespace lockstep::ml {

PredictionColumns within(PredictionColumns columns, const data::Schema& schema) {
  for (auto* name : {&columns.label, &columns.weight, &columns.anomaly, &columns.prediction,
                     &columns.probability, &columns.raw_prediction, &columns.score}) {
    if (!schema.has(*name)) name->clear();
  }
  return columns;
}

std::string class_name(const PredictionColumns& columns, std::size_t index) {
  return index < columns.class_names.size() ? columns.class_names[index] : std::to_string(index);
}

}  // namespace lockstep::ml
