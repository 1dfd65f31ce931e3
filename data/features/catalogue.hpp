#pragma once
/// The list of feature stages.

#include <memory>
#include <string>

#include "data/stage.hpp"

namespace lockstep::data {

/// Checks the stage's config against itself (not against data) and makes the stage. `at` is the
/// config path, for example "stage[0]".
/// @throws ConfigError, also if it is an estimator
std::unique_ptr<FeatureStage> make_feature_stage(const proto::Stage& stage, const std::string& at);

}  // namespace lockstep::data
