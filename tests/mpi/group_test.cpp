#include "dist/group.hpp"

#include <map>
#include <numeric>

#include "dist/bytes.hpp"
#include "dist/exchange.hpp"
#include "dist/session.hpp"
#include "dist/vector_job.hpp"
#include "tests/mpi/mpi_test.hpp"

namespace lockstep::dist {
namespace {

using tests::world;

constexpr std::size_t kLarge = 10'000'001;

/// World ranks 0 | 1, 2 | 3, 4, 5 | 6, 7
int colour_of(int world_rank) {
  return world_rank < 1 ? 0 : world_rank < 3 ? 1 : world_rank / 3 + 1;
}

bool is_last(const Communicator& group) { return group.rank() == group.world_size() - 1; }

std::size_t index(int rank) { return static_cast<std::size_t>(rank); }

/// Where the other ranks are when the last one fails.
const std::map<std::string, void (*)(const Communicator&)> collectives = {
    {"barrier", [](const Communicator& group) { group.barrier(); }},
    {"broadcast from the failing rank",
     [](const Communicator& group) {
       std::string text;
       group.broadcast(text, group.world_size() - 1);
     }},
    {"broadcast from the first rank",
     [](const Communicator& group) {
       std::string text(kLarge, 'x');
       group.broadcast(text);
       group.barrier();
     }},
    {"allreduce",
     [](const Communicator& group) {
       std::vector<std::int64_t> values(100'000, 1);
       group.allreduce_sum(values);
     }},
    {"gather",
     [](const Communicator& group) {
       group.gather(bytes_of(std::string(kLarge, 'x')));
       group.barrier();
     }},
    {"all_to_all",
     [](const Communicator& group) {
       group.all_to_all(std::vector<std::string>(index(group.world_size()), "text"));
     }},
    {"vote", [](const Communicator& group) { all_or_none(group, [] {}); }},
    {"merge_tree",
     [](const Communicator& group) {
       const auto n = index(group.world_size()), rank = index(group.rank());
       merge_tree(group, n, {{rank, rank + 1}}, {std::string(kLarge, 'x')},
                  [](std::string left, std::string) { return left; });
     }},
    {"vector sums",
     [](const Communicator& group) {
       reduce_scatter(group, {std::vector<std::int64_t>(kLarge / 8, 1)}, kLarge / 8);
     }},
    {"split", [](const Communicator& group) { group.split(0); }},
    {"a group of the group", [](const Communicator& group) { group.split(0).barrier(); }},
    {"gradient exchange", [](const Communicator& group) {
       GradientExchange exchange(group, 8, 1 << 20, 1, false, {});
       exchange.begin();
       const Range lanes = exchange.own_lanes();
       for (std::size_t lane = lanes.begin; lane < lanes.end; ++lane) {
         exchange.lane_gradients(0, lane);
         exchange.ready(0, lane, 1 << 20);
       }
       exchange.reduce();
     }}};

/// Collectives of small and large messages give what they should: nothing of a failure is left.
void check_usable(const Communicator& group) {
  std::int64_t sum[] = {group.rank()};
  group.allreduce_sum(sum);
  CHECK(sum[0] == group.world_size() * (group.world_size() - 1) / 2);
  std::vector<std::string> outgoing;
  for (int to = 0; to < group.world_size(); ++to)
    outgoing.emplace_back(5'000'000, static_cast<char>('a' + to));
  for (const std::string& text : group.all_to_all(std::move(outgoing)))
    CHECK(text == std::string(5'000'000, static_cast<char>('a' + group.rank())));
}

/// What run_group throws, on every rank of the group the same.
std::optional<AgreedError> error_of(Communicator& group, const std::function<void()>& work) {
  try {
    run_group(group, work);
  } catch (const AgreedError& error) {
    return error;
  }
  return std::nullopt;
}

/// `text` on all ranks of the group, from the rank of the whole job.
void check_error(const std::optional<AgreedError>& error, const Communicator& group,
                 const std::string& text, int world_rank) {
  CHECK(error.has_value());
  if (!error) return;
  CHECK(error->what() == text);
  CHECK(error->where().rank == world_rank);
  CHECK(error->group() == group.name());
  CHECK(error->speaker() == group.world_rank(0));
  CHECK(error->exit_code() == ExitCode::Data);
}

}  // namespace

TEST_CASE("a group is named by its colour and its ranks in the whole job", "[mpi][dist]") {
  CHECK(world().name().empty());
  const Communicator group = world().split(colour_of(world().rank()));
  CHECK(group.world_rank(group.rank()) == world().rank());
  CHECK(group.split(7).name() == "group " + std::to_string(colour_of(world().rank())) + ".7 " +
                                     group.name().substr(group.name().find('(')));
  const std::string name = group.name();
  const Communicator odd = world().split(world().rank() % 2);
  if (world().rank() == 0) CHECK(name == "group 0 (rank 0)");
  if (world().rank() == 1 && world().world_size() > 2) CHECK(name == "group 1 (ranks 1-2)");
  if (world().rank() == 0 && world().world_size() == 5)
    CHECK(odd.name() == "group 0 (ranks 0, 2, 4)");
}

TEST_CASE("run_group: a rank that throws alone ends the work of its group wherever the others are",
          "[mpi][dist]") {
  Communicator group = world().split(colour_of(world().rank()));
  for (const auto& [name, collective] : collectives) {
    INFO(name);
    const auto error = error_of(group, [&, work = collective] {
      // One group works while the others fail.
      if (colour_of(world().rank()) == 1) return check_usable(group);
      if (is_last(group)) throw DataError("row 7 is broken", {.line = 7});
      work(group);
    });
    if (colour_of(world().rank()) == 1) {
      CHECK(!error);
    } else {
      check_error(error, group, "row 7 is broken", group.world_rank(group.world_size() - 1));
    }
  }
  check_usable(group);
  check_usable(world());
}

TEST_CASE("run_group: a rank that throws alone between the lanes of a gradient exchange",
          "[mpi][dist]") {
  Communicator group = world().split(0);
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto error = error_of(group, [&] {
      GradientExchange exchange(group, 8, 1 << 20, 1, false, {});
      exchange.begin();
      const Range lanes = exchange.own_lanes();
      for (std::size_t lane = lanes.begin; lane < lanes.end; ++lane) {
        exchange.lane_gradients(0, lane);
        if (is_last(group)) throw DataError("row 7 is broken");
        exchange.ready(0, lane, 1 << 20);
      }
      exchange.reduce();
    });
    check_error(error, group, "row 7 is broken", world().world_size() - 1);
  }
  check_usable(group);
}

TEST_CASE("run_group: a vote, an error at the end, and the lowest of several", "[mpi][dist]") {
  Communicator group = world().split(colour_of(world().rank()));
  const int last = group.world_rank(group.world_size() - 1);
  const auto vote = [&] {
    all_or_none(group, [&] {
      if (is_last(group)) throw DataError("voted");
    });
  };
  check_error(error_of(group, vote), group, "voted", last);
  const auto at_the_end = [&] {
    group.barrier();
    if (is_last(group)) throw DataError("late");
  };
  check_error(error_of(group, at_the_end), group, "late", last);
  const auto everywhere = [&] { throw DataError("rank " + std::to_string(world().rank())); };
  const int first = group.world_rank(0);
  check_error(error_of(group, everywhere), group, "rank " + std::to_string(first), first);
  CHECK(!error_of(group, [&] { check_usable(group); }));
}

TEST_CASE("run_group: a failure that the work swallows ends it all the same", "[mpi][dist]") {
  Communicator group = world().split(0);
  const auto error = error_of(group, [&] {
    if (is_last(group)) throw DataError("alone");
    try {
      group.barrier();
    } catch (const CommunicationError&) {
    }
    CHECK_THROWS_AS(group.barrier(), CommunicationError);
  });
  check_error(error, group, "alone", world().world_size() - 1);
}

TEST_CASE("run_group nested: an inner failure can be caught, an outer one reaches the inner group",
          "[mpi][dist]") {
  Communicator outer = world().split(0);
  const auto caught = error_of(outer, [&] {
    Communicator inner = outer.split(world().rank() % 2);
    const auto error = error_of(inner, [&] {
      if (is_last(inner)) throw DataError("inner");
      inner.barrier();
    });
    check_error(error, inner, "inner", inner.world_rank(inner.world_size() - 1));
    check_usable(outer);
  });
  CHECK(!caught);
  const int last = world().world_size() - 1;
  const auto error = error_of(outer, [&] {
    Communicator inner = outer.split(world().rank() == last ? 1 : 0);
    if (world().rank() == last) throw DataError("outer");
    run_group(inner, [&] {
      if (inner.rank() == 0) outer.barrier();
      inner.barrier();
    });
  });
  check_error(error, outer, "outer", last);
  check_usable(outer);
}

}  // namespace lockstep::dist
