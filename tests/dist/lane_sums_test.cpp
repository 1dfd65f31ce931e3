#include "dist/lane_sums.hpp"

#include <mutex>
#include <set>
#include <thread>

#include "tests/catch.hpp"
#include "tests/dist/lane_values.hpp"

namespace lockstep::dist {
namespace {

/// What a thread of a real step does: fills each lane and says so bit by bit.
std::vector<std::size_t> compute(LaneSums& sums, const ExchangePlan& plan, std::size_t thread,
                                 std::size_t step) {
  std::vector<std::size_t> complete;
  const std::size_t floats = plan.sizes().floats;
  const Range lanes = plan.thread_lanes(0, thread);
  for (std::size_t lane = lanes.begin; lane < lanes.end; ++lane) {
    const std::span<float> gradients = sums.lane(thread, lane);
    for (std::size_t i = 0; i < floats; ++i) {
      gradients[i] = tests::lane_value(step, lane, i);
      if (i % 997 == 996 && i + 1 < floats) sums.ready(thread, lane, i + 1, complete);
    }
    sums.ready(thread, lane, floats, complete);
  }
  return complete;
}

}  // namespace

TEST_CASE("LaneSums of one rank are the serial sum along the tree", "[dist][exchange]") {
  const std::size_t lanes = GENERATE(1, 2, 3, 5, 8, 13, 16);
  const std::size_t threads = GENERATE(1, 2, 3);
  ExchangeSizes sizes;
  sizes.lanes = lanes;
  sizes.threads = threads;
  sizes.floats = 5000;
  sizes.options.bucket_bytes = 4096;
  const ExchangePlan plan(sizes);
  LaneSums sums(plan, 0);
  for (std::size_t step = 0; step < 3; ++step) {
    sums.begin();
    std::mutex mutex;
    std::multiset<std::size_t> complete;
    std::vector<std::thread> workers;
    for (std::size_t t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        const auto own = compute(sums, plan, t, step);
        const std::lock_guard lock(mutex);
        complete.insert(own.begin(), own.end());
      });
    }
    for (auto& worker : workers) worker.join();
    CHECK(sums.complete());
    CHECK(complete == std::multiset<std::size_t>{0, 1, 2, 3, 4});  // each bucket once
    const auto expected = tests::serial_tree_sum(
        lanes, [&](std::size_t lane) { return tests::lane_values(step, lane, sizes.floats); });
    CHECK(std::equal(expected.begin(), expected.end(), sums.node(0)));
  }
}

TEST_CASE("LaneSums keeps the maximal nodes of a rank apart", "[dist][exchange]") {
  ExchangeSizes sizes;
  sizes.world_size = 3;
  sizes.lanes = 8;
  sizes.floats = 3;
  const ExchangePlan plan(sizes);
  LaneSums sums(plan, 0);  // lanes 0, 1, 2
  std::vector<std::size_t> complete;
  for (std::size_t lane = 0; lane < 3; ++lane) {
    sums.lane(0, lane)[0] = static_cast<float>(lane + 1);
    sums.ready(0, lane, 3, complete);
  }
  CHECK(sums.node(0)[0] == 1 + 2);
  CHECK(sums.node(1)[0] == 3);
}

TEST_CASE("fold_into copies the only value and adds several in order", "[dist][exchange]") {
  std::vector<float> a{1, 2}, b{10, 20}, c{100, 200}, sum(2);
  std::vector<float*> values{a.data(), b.data(), c.data()};
  fold_into(sum.data(), {}, values, 2);
  CHECK(sum == std::vector<float>{1, 2});
  fold_into(sum.data(), {{0, 1}, {0, 2}}, values, 2);
  CHECK(sum == std::vector<float>{111, 222});
}

}  // namespace lockstep::dist
