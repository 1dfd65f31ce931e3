#pragma once
/// A regression loss on targets in units of their spread: the network learns (target - mean) /
/// deviation; people see, and metrics get, values in the target's own unit.

#include <memory>

#include "core/proto/network.pb.h"
#include "layers/losses.hpp"

namespace lockstep::layers {

/// Expects a regression loss, and in `model` a mean and a deviation (> 0) for each output, or one
/// for all.
std::unique_ptr<const Loss> standardized(std::unique_ptr<const Loss> loss,
                                         const proto::NetworkModel& model);

}  // namespace lockstep::layers
