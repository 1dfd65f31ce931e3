#pragma once
/// What every part of a job on this rank shares.

#include <cstdint>

#include "core/proto/experiment.pb.h"
#include "core/thread_pool.hpp"
#include "dist/communicator.hpp"

namespace lockstep::ml {

struct Context {
  const dist::Communicator& ranks;
  ThreadPool& threads;
  proto::Cluster cluster;
  std::uint64_t seed = 1;

  bool is_driver() const { return ranks.rank() == 0; }
  bool dedicated_driver() const { return cluster.dedicated_driver() && ranks.world_size() > 1; }
};

}  // namespace lockstep::ml
