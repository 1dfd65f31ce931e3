#pragma once
/// How parameters start. fan_in and fan_out are those of the layer.
///   GLOROT_UNIFORM +- sqrt(6 / (fan_in + fan_out))   GLOROT_NORMAL deviation sqrt(2 / (fan_in +
///   fan_out)) HE_UNIFORM     +- sqrt(6 / fan_in)               HE_NORMAL     deviation sqrt(2 /
///   fan_in) UNIFORM        +- scale                          NORMAL        deviation scale

#include <cstdint>
#include <span>

#include "core/proto/layers.pb.h"
#include "layers/layer.hpp"

namespace lockstep::layers {

/// What DEFAULT means for a layer with activation `own`, followed by an activation layer
/// `following`: HE_UNIFORM before relu and its kin, else GLOROT_UNIFORM. Others stay as they are.
proto::Initializer resolve(proto::Initializer initializer, proto::Activation own,
                           proto::Activation following);

/// Start values in plain layout, a function of (seed, stream) alone.
void initialize(const ParameterInfo& info, std::uint64_t seed, std::uint64_t stream,
                std::span<float> plain);

}  // namespace lockstep::layers
