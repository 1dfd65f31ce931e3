#include <numeric>

#include "core/error.hpp"
#include "dist/bytes.hpp"
#include "dist/session.hpp"
#include "tests/mpi/mpi_test.hpp"

namespace lockstep::dist {
namespace {

using tests::world;

/// Bytes that tell where they came from.
std::string message(int from, int to, std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>(i * 31 + i / 4096 + static_cast<std::size_t>(from * 7 + to));
  return text;
}

constexpr std::size_t kLarge = 10'000'001;

/// Sizes around the limits of slots and pieces, from nothing to a few pieces.
std::size_t size_for(int from, int to) {
  static const std::size_t sizes[] = {0, 1, 496, 497, 100'000, 4 << 20, kLarge};
  return sizes[(from * 3 + to) % 7];
}

}  // namespace

TEST_CASE("broadcast copies the root's bytes", "[mpi][dist]") {
  for (int root = 0; root < world().world_size(); ++root) {
    std::vector<int> values(1000, world().rank());
    world().broadcast(std::as_writable_bytes(std::span(values)), root);
    CHECK(values == std::vector<int>(1000, root));
    for (const std::size_t size : {std::size_t{0}, std::size_t{496}, std::size_t{497}, kLarge}) {
      std::string text = world().rank() == root ? message(root, 0, size) : "old";
      world().broadcast(text, root);
      CHECK(text == message(root, 0, size));
    }
  }
}

TEST_CASE("allreduce of integers", "[mpi][dist]") {
  const std::int64_t rank = world().rank(), ranks = world().world_size();
  std::int64_t sums[] = {rank, 1}, least[] = {rank, -rank}, most[] = {rank, -rank};
  world().allreduce_sum(sums);
  world().allreduce_min(least);
  world().allreduce_max(most);
  CHECK(sums[0] == ranks * (ranks - 1) / 2);
  CHECK(sums[1] == ranks);
  CHECK(least[0] == 0);
  CHECK(least[1] == 1 - ranks);
  CHECK(most[0] == ranks - 1);
  CHECK(most[1] == 0);
  std::vector<std::int64_t> many(1'000'000, rank);
  world().allreduce_sum(many);
  CHECK(many == std::vector<std::int64_t>(1'000'000, sums[0]));
}

TEST_CASE("gather and allgather of messages of different sizes", "[mpi][dist]") {
  for (int root = 0; root < world().world_size(); ++root) {
    const auto all = world().gather(
        bytes_of(message(world().rank(), root, size_for(world().rank(), root))), root);
    CHECK(all.size() ==
          (world().rank() == root ? static_cast<std::size_t>(world().world_size()) : 0));
    for (std::size_t from = 0; from < all.size(); ++from) {
      const int rank = static_cast<int>(from);
      CHECK(all[from] == message(rank, root, size_for(rank, root)));
    }
  }
  const auto all =
      world().allgather(bytes_of(message(world().rank(), 0, size_for(world().rank(), 4))));
  for (int from = 0; from < world().world_size(); ++from) {
    CHECK(all[static_cast<std::size_t>(from)] == message(from, 0, size_for(from, 4)));
  }
}

TEST_CASE("all_to_all carries empty and large messages", "[mpi][dist]") {
  std::vector<std::string> outgoing;
  for (int to = 0; to < world().world_size(); ++to) {
    outgoing.push_back(message(world().rank(), to, size_for(world().rank(), to)));
  }
  const auto incoming = world().all_to_all(std::move(outgoing));
  for (int from = 0; from < world().world_size(); ++from) {
    CHECK(incoming[static_cast<std::size_t>(from)] ==
          message(from, world().rank(), size_for(from, world().rank())));
  }
}

TEST_CASE("allgather_segments completes the vector", "[mpi][dist]") {
  const auto ranks = static_cast<std::size_t>(world().world_size());
  std::vector<std::size_t> offsets{0};
  for (std::size_t rank = 0; rank < ranks; ++rank)
    offsets.push_back(offsets.back() + (rank % 3 == 1 ? 0 : 1000 * rank + 7));
  std::vector<float> expected(offsets.back());
  std::iota(expected.begin(), expected.end(), 1.0f);
  std::vector<float> values(expected.size());
  const auto own = static_cast<std::size_t>(world().rank());
  std::copy(expected.begin() + static_cast<std::ptrdiff_t>(offsets[own]),
            expected.begin() + static_cast<std::ptrdiff_t>(offsets[own + 1]),
            values.begin() + static_cast<std::ptrdiff_t>(offsets[own]));
  world().allgather_segments(values, offsets);
  CHECK(values == expected);
}

TEST_CASE("split makes groups that talk among themselves", "[mpi][dist]") {
  const int colour = world().rank() % 2;
  {
    const Communicator group = world().split(colour);
    std::int64_t sum[] = {world().rank()};
    group.allreduce_sum(sum);
    std::int64_t expected = 0;
    for (int rank = colour; rank < world().world_size(); rank += 2) expected += rank;
    CHECK(sum[0] == expected);
    CHECK(group.rank() == world().rank() / 2);
    group.barrier();
    const Communicator alone = group.split(group.rank());
    CHECK(alone.world_size() == 1);
    alone.barrier();
  }
  world().barrier();
}

TEST_CASE("all_or_none: an exception on the last rank reaches all", "[mpi][dist]") {
  const int last = world().world_size() - 1;
  const auto work = [&] {
    if (world().rank() == last)
      throw DataError("label 7 is too large", {.file = "a.libsvm", .line = 12}, "use 0..6");
  };
  try {
    all_or_none(world(), work);
    FAIL_CHECK("nothing was thrown");
  } catch (const AgreedError& error) {
    CHECK(error.what() == std::string("label 7 is too large"));
    CHECK(error.where().file == "a.libsvm");
    CHECK(error.where().line == 12);
    CHECK(error.where().rank == (last > 0 ? last : -1));
    CHECK(error.advice() == "use 0..6");
    CHECK(error.exit_code() == ExitCode::Data);
  }
  all_or_none(world(), [] {});  // and the ranks are together still
}

TEST_CASE("all_or_none tells the error of the lowest failing rank, whatever its type",
          "[mpi][dist]") {
  const auto message_of = [&](const std::function<void()>& work) {
    try {
      all_or_none(world(), work);
    } catch (const AgreedError& error) {
      return std::string(error.what()) +
             (error.exit_code() == ExitCode::Internal ? " [internal]" : "");
    }
    return std::string();
  };
  const int rank = world().rank();
  CHECK(message_of([&] { throw std::runtime_error("failed on " + std::to_string(rank)); }) ==
        "failed on 0 [internal]");
  CHECK(message_of([] { throw 42; }) == "an exception of an unknown kind [internal]");
  CHECK_THAT(message_of([] { throw std::bad_alloc(); }), has_text("out of memory"));
  const auto nested = [] {
    try {
      throw std::runtime_error("inner");
    } catch (...) {
      std::throw_with_nested(std::runtime_error("outer"));
    }
  };
  CHECK(message_of(nested) == "outer: inner [internal]");
}

TEST_CASE("agree_on gives the least instruction set and names the odd rank", "[mpi][dist]") {
  const int rank = world().rank();
  CHECK(agree_on(world(), {"0.1", "abc", 10 + rank}) == 10);
  if (world().world_size() == 1) return;
  const int last = world().world_size() - 1;
  try {
    agree_on(world(), {rank == last ? "0.2" : "0.1", "abc", 0});
    FAIL_CHECK("nothing was thrown");
  } catch (const AgreedError& error) {
    const std::string text = error.what();
    CHECK(text.find("rank " + std::to_string(last) + " on host " + host_name() +
                    " runs version 0.2") == 0);
    CHECK(text.find("rank 0 on host " + host_name() + " runs version 0.1") != std::string::npos);
  }
  CHECK_THROWS_AS(agree_on(world(), {"0.1", rank == last ? "abd" : "abc", 0}), AgreedError);
}

}  // namespace lockstep::dist
