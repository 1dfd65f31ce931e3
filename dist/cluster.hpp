#pragma once
/// Where work runs: a group of ranks, and the threads of this one.

#include "core/thread_pool.hpp"
#include "dist/communicator.hpp"

namespace lockstep::dist {

struct Cluster {
  const Communicator& ranks;
  ThreadPool& threads;
};

}  // namespace lockstep::dist
