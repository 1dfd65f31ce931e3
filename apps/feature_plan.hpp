#pragma once
/// What an experiment's feature stages make of its columns, before any row is read: the plan of a
/// config without an estimator.

#include <nlohmann/json.hpp>
#include <string>

#include "core/proto/experiment.pb.h"
#include "ml/context.hpp"

namespace lockstep::apps {

/// COLLECTIVE. Columns of the training file, what each stage adds and removes, columns in the end,
/// partitions; widths that a stage learns are open. Null but on the driver.
/// @throws AgreedError (ConfigError) of the first stage that does not fit its columns
nlohmann::ordered_json feature_plan(const ml::Context& context,
                                    const proto::Experiment& experiment);

/// The same for people.
std::string feature_plan_text(const nlohmann::ordered_json& plan);

}  // namespace lockstep::apps
