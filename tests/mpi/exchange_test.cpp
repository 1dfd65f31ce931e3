#include "dist/exchange.hpp"

#include <cstring>

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
  RowTransfer rows = RowTransfer::Automatic;
  std::vector<SparseBlock> blocks = {};
};

/// Whether a lane touches a row: `density` eighths of them, some lanes none at all.
bool lane_touches(std::size_t step, std::size_t lane, std::size_t row, std::size_t density) {
  const auto mixed =
      static_cast<std::uint32_t>((step * 31 + lane + 1) * 2246822519u + row * 3266489917u);
  return lane % 5 != 3 && (mixed >> 11) % 8 < density;
}

/// Values with blocks: zero where the lane does not touch. Row 0 is so small that sums of it are
/// flushed to -0 where denormal numbers are.
std::vector<float> sparse_lane_values(const Case& test, std::size_t step, std::size_t lane) {
  auto values = tests::lane_values(step, lane, test.floats);
  for (std::size_t b = 0; b < test.blocks.size(); ++b) {
    const RowBlock& block = test.blocks[b].block;
    for (std::size_t row = 0; row < block.rows; ++row) {
      const bool touched = lane_touches(step, lane, row, 1 + 3 * b);
      for (std::size_t i = 0; i < block.width; ++i) {
        float& value = values[block.begin + row * block.width + i];
        value = !touched ? 0.0f : row == 0 ? value * 1e-37f : value;
      }
    }
  }
  return values;
}

/// Fills the lanes of all threads at once and hands them over in pieces, as a backward pass does.
void compute_lanes(GradientExchange& exchange, ThreadPool& threads, std::size_t step) {
  threads.run([&](std::size_t thread) {
    const Range lanes = exchange.thread_lanes(thread);
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
    const auto values = exchange.values();
    for (const Segment& segment : exchange.segments()) {
      for (std::size_t i = segment.begin; i < segment.end; ++i) values[i] = exchange.gradients()[i];
    }
    const auto block = [&](std::size_t begin, std::size_t end) {
      double sum = 0;
      for (std::size_t i = begin; i < end; ++i) sum += static_cast<double>(values[i]) * 1.1;
      return sum;
    };
    const double total = exchange.block_sum(block);
    exchange.allgather();
    CHECK(std::vector(values.begin(), values.end()) == expected);
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
  const ExchangeMethod method =
      GENERATE(ExchangeMethod::Tree, ExchangeMethod::Messages, ExchangeMethod::Direct);
  check_steps({lanes, threads, 5000, 4096, dedicated, method}, 2);
}

TEST_CASE("exchange gives the bits of the serial tree for any size and buckets",
          "[mpi][dist][exchange]") {
  const std::size_t floats = GENERATE(1, 1000, 70'001);
  const std::size_t bucket_bytes = GENERATE(1, 12'000, 1 << 20);
  const std::size_t lanes = GENERATE(8, 11);
  const ExchangeMethod method =
      GENERATE(ExchangeMethod::Tree, ExchangeMethod::Messages, ExchangeMethod::Direct);
  check_steps({lanes, 1, floats, bucket_bytes, false, method}, 3);
}

TEST_CASE("exchange of a large vector", "[mpi][dist][exchange]") {
  const bool dedicated = GENERATE(false, true);
  check_steps({8, 2, (1 << 20) + 3, 256 << 10, dedicated}, 2);
}

/// As a layer does: writes the touched rows of blocks, and everything outside them.
void compute_sparse_lanes(const Case& test, GradientExchange& exchange, ThreadPool& threads,
                          std::size_t step) {
  threads.run([&](std::size_t thread) {
    const Range lanes = exchange.thread_lanes(thread);
    for (std::size_t lane = lanes.begin; lane < lanes.end; ++lane) {
      const std::span<float> gradients = exchange.lane_gradients(thread, lane);
      TouchedRows& rows = exchange.lane_rows(thread, lane);
      const auto values = sparse_lane_values(test, step, lane);
      for (std::size_t b = 0; b < test.blocks.size(); ++b) {
        for (std::size_t row = 0; row < test.blocks[b].block.rows; ++row) {
          if (lane_touches(step, lane, row, 1 + 3 * b)) rows.touch(b, row);
        }
      }
      rows.for_each(0, gradients.size(), [&](std::size_t begin, std::size_t end, std::size_t) {
        std::copy(values.data() + begin, values.data() + end, gradients.data() + begin);
      });
      exchange.ready(thread, lane, gradients.size() / 3);
      exchange.ready(thread, lane, gradients.size());
    }
  });
}

/// Where the two differ first in any bit; their size if nowhere.
std::size_t first_difference(std::span<const float> a, std::span<const float> b) {
  std::size_t i = 0;
  while (i < a.size() && std::memcmp(&a[i], &b[i], sizeof(float)) == 0) ++i;
  return i;
}

/// Own segments doubled, gathered; blocks whose sums are gathered doubled by every rank.
void check_sparse_steps(const Case& test) {
  CAPTURE(test.lanes, test.threads, test.bucket_bytes, test.dedicated_driver,
          static_cast<int>(test.rows), static_cast<int>(test.method));
  GradientExchange exchange(world(), test.lanes, test.floats, test.threads, test.dedicated_driver,
                            {test.bucket_bytes, test.method, test.rows}, test.blocks);
  ThreadPool threads(test.threads);
  for (std::size_t step = 0; step < 4; ++step) {
    exchange.begin();
    compute_sparse_lanes(test, exchange, threads, step);
    exchange.reduce();
    const auto values = exchange.values();
    for (const Segment& segment : exchange.segments()) {
      for (std::size_t i = segment.begin; i < segment.end; ++i) values[i] = exchange.gradients()[i];
    }
    exchange.allgather();
    for (const auto& [block, gather_sums] : test.blocks) {
      if (!gather_sums) continue;
      std::fill(values.begin() + static_cast<std::ptrdiff_t>(block.begin),
                values.begin() + static_cast<std::ptrdiff_t>(block.end()), 0.0f);
      exchange.touched().for_each(block.begin, block.end(),
                                  [&](std::size_t begin, std::size_t end, std::size_t) {
                                    for (std::size_t i = begin; i < end; ++i)
                                      values[i] = exchange.gradients()[i];
                                  });
    }
    const auto expected = tests::serial_tree_sum(
        test.lanes, [&](std::size_t lane) { return sparse_lane_values(test, step, lane); });
    const std::size_t at = std::min(first_difference(values, expected), test.floats - 1);
    CAPTURE(step, values[at], expected[at]);
    CHECK(first_difference(values, expected) == test.floats);
  }
}

TEST_CASE("exchange of touched rows has the bits of the dense sum along the tree",
          "[mpi][dist][exchange]") {
  const std::size_t lanes = GENERATE(1, 3, 8, 13);
  const std::size_t threads = GENERATE(1, 3);
  const bool dedicated = GENERATE(false, true);
  const auto method =
      GENERATE(ExchangeMethod::Tree, ExchangeMethod::Messages, ExchangeMethod::Direct);
  const auto rows = GENERATE(RowTransfer::Automatic, RowTransfer::Dense, RowTransfer::Sparse);
  // One of few rows whose sums come back, one of many; rows lie across buckets and segments.
  const std::vector<SparseBlock> blocks{{{320, 130, 33}, true}, {{4700, 61, 70}, false}};
  check_sparse_steps({lanes, threads, 9001, 4096, dedicated, method, rows, blocks});
  check_sparse_steps(
      {lanes, threads, 9001, 1 << 20, dedicated, method, rows, {{{0, 9001, 1}, true}}});
}

TEST_CASE("exchange sends touched rows alone where that is less", "[mpi][dist][exchange]") {
  const auto sent = [](RowTransfer rows, bool gather_sums) {
    const Case test{8,         1,
                    64 * 1000, 1 << 16,
                    false,     ExchangeMethod::Tree,
                    rows,      {{{0, 1000, 64}, gather_sums}}};
    GradientExchange exchange(world(), test.lanes, test.floats, 1, false,
                              {test.bucket_bytes, test.method, rows}, test.blocks);
    ThreadPool threads(1);
    exchange.begin();
    compute_sparse_lanes(test, exchange, threads, 0);
    exchange.reduce();
    exchange.allgather();
    return static_cast<double>(exchange.bytes_sent());
  };
  const double dense = sent(RowTransfer::Dense, false),
               values = sent(RowTransfer::Automatic, false),
               sums = sent(RowTransfer::Automatic, true);
  const bool travels = world().world_size() > 1;
  CHECK((travels ? values < dense : values == 0));
  CHECK((travels ? sums < values : sums == 0));
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
    const auto values = exchange.values();
    std::copy(exchange.gradients().begin(), exchange.gradients().end(), values.begin());
    exchange.allgather();
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
    const auto values = exchange->values();
    for (const Segment& segment : exchange->segments()) {
      for (std::size_t i = segment.begin; i < segment.end; ++i)
        values[i] = exchange->gradients()[i];
    }
    exchange->allgather();
    CHECK(std::vector(values.begin(), values.end()) ==
          tests::serial_tree_sum(
              4, [&](std::size_t l) { return tests::lane_values(step, l, values.size()); }));
  }
}

}  // namespace lockstep::dist
