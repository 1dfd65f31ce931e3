#include "dist/exchange.hpp"

#include "core/thread_pool.hpp"
#include "tests/dist/lane_values.hpp"
#include "tests/mpi/mpi_test.hpp"

namespace lockstep::dist {
namespace {

using tests::world;

struct Case {
  std::size_t lanes, threads, floats, bucket_bytes;
  bool dedicated_driver = false;
  ExchangeMethod method = ExchangeMethod::Tree;
};

/// Fills the lanes of all threads at once and hands them over in pieces, as a backward pass does.
void compute_lanes(GradientExchange& exchange, ThreadPool& threads, std::size_t step) {
  threads.run([&](std::size_t thread) {
    const Node lanes = exchange.thread_lanes(thread);
    for (std::size_t lane = lanes.begin; lane < lanes.end; ++lane) {
      const std::span<float> gradients = exchange.lane_gradients(thread, lane);
      const std::size_t piece = gradients.size() / 7 + 1;
      for (std::size_t at = 0; at < gradients.size();) {
        const std::size_t end = std::min(at + piece, gradients.size());
        for (; at < end; ++at) gradients[at] = tests::lane_value(step, lane, at);
        exchange.ready(thread, lane, end);
      }
    }
  });
}

std::vector<double> lane_scalars(std::size_t step, std::size_t lane) {
  return {static_cast<double>(tests::lane_value(step, lane, 1)) / 3, 1.0,
          static_cast<double>(lane)};
}

/// Begin to end: the flat vector after allgather is the serial sum of all lanes; so are the scalars
/// and the blocks' sum.
void check_steps(const Case& test, std::size_t steps) {
  CAPTURE(test.lanes, test.threads, test.floats, test.bucket_bytes, test.dedicated_driver);
  GradientExchange exchange(world(), test.lanes, test.floats, test.threads, test.dedicated_driver,
                            {test.bucket_bytes, test.method});
  ThreadPool threads(test.threads);
  for (std::size_t step = 0; step < steps; ++step) {
    exchange.begin();
    compute_lanes(exchange, threads, step);
    std::vector<std::vector<double>> own_scalars;
    for (std::size_t l = exchange.own_lanes().begin; l < exchange.own_lanes().end; ++l) {
      own_scalars.push_back(lane_scalars(step, l));
    }
    const std::uint32_t flag = step % 2 == 1 && world().rank() == 0 ? 4 : 0;  // also without a lane
    const auto [scalars, flags] = exchange.scalars(own_scalars, flag);
    exchange.reduce();
    const auto expected = tests::serial_tree_sum(
        test.lanes, [&](std::size_t lane) { return tests::lane_values(step, lane, test.floats); });
    std::vector<float> values(test.floats, -1.0f);
    for (const Segment& segment : exchange.segments()) {
      for (std::size_t i = segment.begin; i < segment.end; ++i) values[i] = exchange.gradients()[i];
    }
    const auto block = [&](std::size_t begin, std::size_t end) {
      double sum = 0;
      for (std::size_t i = begin; i < end; ++i) sum += static_cast<double>(values[i]) * 1.1;
      return sum;
    };
    const double total = exchange.block_sum(block);
    exchange.allgather(values);
    CHECK(values == expected);
    CHECK(flags == (step % 2 == 1 ? 4 : 0));
    CHECK(scalars == tests::serial_tree_sum(
                         test.lanes, [&](std::size_t lane) { return lane_scalars(step, lane); }));
    const std::size_t blocks = (test.floats + kSegmentFloats - 1) / kSegmentFloats;
    const auto expected_total = tests::serial_tree_sum(blocks, [&](std::size_t i) {
      return std::vector<double>{
          block(i * kSegmentFloats, std::min(test.floats, (i + 1) * kSegmentFloats))};
    });
    CHECK(total == expected_total[0]);
  }
}

}  // namespace

TEST_CASE("exchange gives the bits of the serial tree for any lanes and threads",
          "[mpi][dist][exchange]") {
  const std::size_t lanes = GENERATE(1, 2, 3, 5, 8, 13, 16);
  const std::size_t threads = GENERATE(1, 2, 3);
  const bool dedicated = GENERATE(false, true);
  const ExchangeMethod method = GENERATE(ExchangeMethod::Tree, ExchangeMethod::Direct);
  check_steps({lanes, threads, 5000, 4096, dedicated, method}, 2);
}

TEST_CASE("exchange gives the bits of the serial tree for any size and buckets",
          "[mpi][dist][exchange]") {
  const std::size_t floats = GENERATE(1, 1000, 70'001);
  const std::size_t bucket_bytes = GENERATE(1, 12'000, 1 << 20);
  const std::size_t lanes = GENERATE(8, 11);
  const ExchangeMethod method = GENERATE(ExchangeMethod::Tree, ExchangeMethod::Direct);
  check_steps({lanes, 1, floats, bucket_bytes, false, method}, 3);
}

TEST_CASE("exchange of a large vector", "[mpi][dist][exchange]") {
  const bool dedicated = GENERATE(false, true);
  check_steps({8, 2, (1 << 20) + 3, 256 << 10, dedicated}, 2);
}

TEST_CASE("exchange by plain allreduce sums, in some order", "[mpi][dist][exchange]") {
  GradientExchange exchange(world(), 8, 5000, 1, false, {4096, ExchangeMethod::PlainAllreduce});
  ThreadPool threads(1);
  for (std::size_t step = 0; step < 2; ++step) {
    exchange.begin();
    compute_lanes(exchange, threads, step);
    exchange.reduce();
    const auto expected = tests::serial_tree_sum(
        8, [&](std::size_t lane) { return tests::lane_values(step, lane, 5000); });
    std::vector<float> values(exchange.gradients().begin(), exchange.gradients().end());
    exchange.allgather(values);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      wrong += values[i] != Approx(expected[i]).epsilon(1e-3).margin(0.1);
    CHECK(wrong == 0);
    CHECK(exchange.block_sum([](std::size_t begin, std::size_t end) {
      return static_cast<double>(end - begin);
    }) == 5000);
  }
}

TEST_CASE("exchange that is given up in the middle of a step does not harm the next one",
          "[mpi][dist][exchange]") {
  {
    GradientExchange exchange(world(), 8, 70'001, 1, false, {4096, ExchangeMethod::Tree});
    ThreadPool threads(1);
    exchange.begin();
    if (world().rank() != 0)
      compute_lanes(exchange, threads, 0);  // rank 0 has failed before its lanes
    world().barrier();
  }
  check_steps({8, 1, 70'001, 4096}, 1);
}

TEST_CASE("two exchanges live side by side", "[mpi][dist][exchange]") {
  GradientExchange first(world(), 4, 3000, 1, false, {}), second(world(), 4, 2000, 1, false, {});
  ThreadPool threads(1);
  first.begin();
  second.begin();
  compute_lanes(second, threads, 2);
  compute_lanes(first, threads, 1);
  first.reduce();
  second.reduce();
  for (auto* exchange : {&second, &first}) {
    const std::size_t step = exchange == &first ? 1 : 2;
    std::vector<float> values(exchange->gradients().begin(), exchange->gradients().end());
    exchange->allgather(values);
    CHECK(values == tests::serial_tree_sum(4, [&](std::size_t l) {
            return tests::lane_values(step, l, values.size());
          }));
  }
}

}  // namespace lockstep::dist
