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
#include "dist/group.hpp"
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
    const dist::Range lanes = exchange.own_lanes();
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

/// On 6 ranks groups of 1, 2 and 3: 0 | 1, 2 | 3, 4, 5.
int group_of_rank(const Communicator& world) {
  return world.rank() < 1 ? 0 : world.rank() < 3 ? 1 : 2;
}

/// What the group does: 't'hrow, 'h'ang, 'w'ork, throw an 'u'ncaught error; 'b': one rank throws
/// and another one hangs.
void play(char role, const Communicator& group) {
  const bool last = group.rank() == group.world_size() - 1;
  if (role == 'h' && last) sleep_seconds(60);
  if (role == 'b' && group.rank() == 1) sleep_seconds(60);
  if (last && role != 'h' && role != 'w') throw DataError("row 7 is broken", {.line = 7});
  for (int step = 0; step < 20 && role == 'w'; ++step) {
    std::int64_t value[] = {step};
    group.allreduce_sum(value);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  group.barrier();
}

/// roles[i] is that of group i. The groups meet at the end.
std::function<ExitCode(Communicator&)> groups(std::string roles) {
  return [roles](Communicator& world) {
    world.configure({1, 8, false});
    Communicator group = world.split(group_of_rank(world));
    group.configure({1, 3, false});
    const char role = roles[static_cast<std::size_t>(group_of_rank(world))];
    const auto say = [&](const std::string& text) {
      if (group.rank() != 0) return;
      std::printf("%s %s\n", group.name().c_str(), text.c_str());
      std::fflush(stdout);
    };
    try {
      dist::run_group(group, [&] { play(role, group); });
      say("has worked");
    } catch (const AgreedError& error) {
      if (role == 'u') throw;
      say("has recorded: " + std::string(error.what()) + " on rank " +
          std::to_string(error.where().rank));
    }
    world.barrier();
    return ExitCode::Done;
  };
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
    {"groups_tww", groups("tww")},
    {"groups_wtt", groups("wtt")},
    {"groups_thw", groups("thw")},
    {"groups_wth", groups("wth")},
    {"groups_hwt", groups("hwt")},
    {"groups_wwb", groups("wwb")},
    {"groups_uww", groups("uww")},
    {"groups_wuw", groups("wuw")},
    {"groups_wwu", groups("wwu")},
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
