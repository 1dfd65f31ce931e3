#pragma once
/// What training a network would take: steps, memory, traffic, and what would be better.

#include "ml/network/trainer.hpp"
#include "ml/pipeline/description.hpp"

namespace lockstep::ml {

/// COLLECTIVE: the ranks' hosts decide how gradients travel.
Description plan_of(const TrainingInput& training, const Context& context);

}  // namespace lockstep::ml
