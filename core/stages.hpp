#pragma once
/// What the schema says of a stage: its kind, and whether it is an estimator.

#include <string>

#include "core/proto/stage.pb.h"

namespace lockstep {

/// "standard_scaler"; empty if no kind is set.
std::string kind_name(const proto::Stage& stage);

/// Whether its kind is marked is_estimator in stage.proto; false if no kind is set.
bool is_estimator(const proto::Stage& stage);

/// "stage[2].network": its place in a config; "stage[2]" if no kind is set.
std::string stage_path(const proto::Stage& stage, std::size_t position);

}  // namespace lockstep
