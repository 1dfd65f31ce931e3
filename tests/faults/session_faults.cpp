/// A program whose ranks fail in one way: session_faults CASE. Run by expect.sh, which knows how
/// each case must end.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <new>
#include <thread>

#include "dist/exchange.hpp"
#include "dist/session.hpp"

namespace {

using namespace lockstep;
using dist::Communicator;

bool is_last(const Communicator& world) { return world.rank() == world.world_size() - 1; }

void sleep_seconds(int seconds) { std::this_thread::sleep_for(std::chrono::seconds(seconds)); }

/// The last rank does `fault`; the others wait for it.
void last_rank(const Communicator& world, const std::function<void()>& fault) {
  if (is_last(world)) fault();
  world.barrier();
}

void give_up_in_exchange(const Communicator& world) {
  dist::GradientExchange exchange(world, 8, 1 << 20, 1, false, {});
  exchange.begin();
  dist::all_or_none(world, [&] {
    if (is_last(world)) throw NumericError("the loss is NaN");
    const dist::Node lanes = exchange.own_lanes();
    for (std::size_t lane = lanes.begin; lane < lanes.end; ++lane) {
      exchange.lane_gradients(0, lane);
      exchange.ready(0, lane, 1 << 20);
    }
  });
}

void different_collectives(const Communicator& world) {
  std::int64_t values[2] = {1, 2};
  world.barrier();
  world.allreduce_sum(std::span(values, is_last(world) ? 1 : 2));
}

void different_operations(const Communicator& world) {
  std::int64_t value[] = {1};
  if (is_last(world)) {
    world.allreduce_sum(value);
  } else {
    world.barrier();
  }
}

ExitCode stop_by_signal(const Communicator& world) {
  dist::watch_stop_signals();
  if (is_last(world)) std::raise(SIGUSR1);
  std::int64_t stop[] = {dist::stop_requested()};
  world.allreduce_max(stop);
  return stop[0] != 0 ? ExitCode::Stopped : ExitCode::Internal;
}

using Fault = std::function<ExitCode(Communicator&)>;

Fault on_last_rank(std::function<void()> fault) {
  return [fault](Communicator& world) {
    last_rank(world, fault);
    return ExitCode::Done;
  };
}

Fault everywhere(void (*fault)(const Communicator&), bool check_collectives = false) {
  return [=](Communicator& world) {
    world.configure({1, 4, check_collectives});
    fault(world);
    return ExitCode::Done;
  };
}

const std::map<std::string, Fault> faults = {
    {"nothing", [](Communicator& world) { return world.barrier(), ExitCode::Done; }},
    {"throws", on_last_rank([] {
       throw DataError("row 7 is broken", {.file = "a.csv", .line = 7}, "mend it");
     })},
    {"throws_foreign", on_last_rank([] { throw std::out_of_range("foreign"); })},
    {"throws_int", on_last_rank([] { throw 42; })},
    {"out_of_memory", on_last_rank([] { throw std::bad_alloc(); })},
    {"exits", on_last_rank([] { std::exit(0); })},
    {"quits", on_last_rank([] { std::_Exit(0); })},
    {"is_killed", on_last_rank([] { std::raise(SIGKILL); })},
    {"agreed", everywhere([](const Communicator& world) {
       dist::all_or_none(world, [&] {
         if (is_last(world)) throw FileError("cannot open b.csv");
       });
     })},
    {"agreed_in_exchange", everywhere(give_up_in_exchange)},
    {"never_comes",
     everywhere([](const Communicator& world) { last_rank(world, [] { sleep_seconds(60); }); })},
    {"comes_late",
     everywhere([](const Communicator& world) { last_rank(world, [] { sleep_seconds(2); }); })},
    {"leaves", everywhere([](const Communicator& world) {
       std::string text;
       if (!is_last(world)) world.broadcast(text, world.world_size() - 1);
     })},
    {"mismatch_checked", everywhere(different_collectives, true)},
    {"mismatch_unchecked", everywhere(different_operations)},
    {"stopped", stop_by_signal},
};

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  const auto fault = faults.find(name);
  if (fault == faults.end()) {
    std::fprintf(stderr, "session_faults: no case '%s'\n", name.c_str());
    return 2;
  }
  return dist::run_session(argc, argv, fault->second);
}
