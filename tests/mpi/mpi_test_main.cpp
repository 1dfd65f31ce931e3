/// The main of tests that run on several ranks: rank 0 prints, every rank's failures count. Use
/// CHECK, not REQUIRE, before the last collective of a test.
#define CATCH_CONFIG_RUNNER
#include "tests/mpi/mpi_test.hpp"

#include <cstdio>
#include <optional>

#include "dist/session.hpp"

namespace lockstep::tests {
namespace {
dist::Communicator* the_world = nullptr;
}
dist::Communicator& world() { return *the_world; }
}  // namespace lockstep::tests

int main(int argc, char** argv) {
  using namespace lockstep;
  return dist::run_session(argc, argv, [&](dist::Communicator& world) {
    dist::CollectiveOptions options;
    options.stall_timeout_seconds = 40;
    options.check_collectives = true;
    world.configure(options);
    tests::the_world = &world;
    if (world.rank() != 0 && std::freopen("/dev/null", "w", stdout) == nullptr)
      return ExitCode::Internal;
    std::int64_t failures[] = {Catch::Session().run(argc, argv)};
    world.allreduce_max(failures);
    return failures[0] == 0 ? ExitCode::Done : ExitCode::Internal;
  });
}
