#pragma once
/// The one place where metrics and descriptions become JSON.

#include <nlohmann/json.hpp>

#include "ml/evaluators/metric.hpp"
#include "ml/pipeline/description.hpp"
#include "ml/pipeline/experiment.hpp"

namespace lockstep::ml {

/// {"accuracy": 0.91, "confusion_matrix": [[..], ..], ...}. Whole numbers of a matrix stand without
/// a point; a curve is {"x": [..], "y": [..]} by the names of its axes.
nlohmann::ordered_json to_json(const Metrics& metrics);

/// metrics.json: the sections by their names, then the timing.
nlohmann::ordered_json to_json(const Outcome& outcome);

/// Facts by their names; a table is an array of objects by the names of its columns.
nlohmann::ordered_json to_json(const Description& description);

}  // namespace lockstep::ml
