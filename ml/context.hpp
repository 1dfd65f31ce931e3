#pragma once
/// What every part of a job on this rank shares.

#include <cstdint>

#include "core/proto/experiment.pb.h"
#include "dist/cluster.hpp"

namespace lockstep::ml {

struct Context : dist::Cluster {
  proto::Cluster options;
  std::uint64_t seed = 1;

  bool is_driver() const { return ranks.rank() == 0; }
  bool dedicated_driver() const { return options.dedicated_driver() && ranks.world_size() > 1; }
};

}  // namespace lockstep::ml
