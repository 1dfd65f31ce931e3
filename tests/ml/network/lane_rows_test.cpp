#include "ml/network/lane_rows.hpp"

#include <algorithm>
#include <set>

#include "core/error.hpp"
#include "tests/catch.hpp"
#include "tests/ml/network/numbered_rows.hpp"

namespace lockstep::ml {
namespace {

using Rows = std::vector<std::uint64_t>;

// The row ids that a lane takes in an epoch, batch after batch.
Rows epoch_of(LaneRows& lane, const StepPlan& plan, std::uint64_t epoch) {
  lane.start_epoch(epoch);
  Rows rows;
  for (std::uint64_t batch = 0; batch < plan.batches_per_epoch(); ++batch) {
    Rows ids(lane.rows_of_batch(batch));
    lane.gather(batch, {}, {{}, {}, {}, ids});
    rows.insert(rows.end(), ids.begin(), ids.end());
  }
  CHECK(lane.rows_of_batch(plan.batches_per_epoch()) == 0);
  CHECK(lane.rows_of_batch(plan.batches_per_epoch() + 7) == 0);
  return rows;
}

TEST_CASE("every row is taken exactly once an epoch", "[ml][lane_rows]") {
  const auto rows = GENERATE(as<std::uint64_t>{}, 1, 7, 100, 101, 1000);
  const auto lanes = GENERATE(as<std::size_t>{}, 1, 3, 8);
  const auto each = GENERATE(as<std::size_t>{}, 1, 2, 5);
  const bool shuffle = GENERATE(true, false);
  const auto plan = plan_of(rows, lanes, each, 4);
  const auto dataset = dataset_of(plan, {0, plan.partitions});
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
    Rows taken;
    for (std::size_t l = 0; l < lanes; ++l) {
      LaneRows lane(dataset, plan, l, 5, {shuffle, nullptr, ""});
      const auto own = epoch_of(lane, plan, epoch);
      CHECK(own.size() == plan.lane_rows(l));
      taken.insert(taken.end(), own.begin(), own.end());
    }
    std::sort(taken.begin(), taken.end());
    Rows all(rows);
    for (std::uint64_t i = 0; i < rows; ++i) all[i] = i;
    CHECK(taken == all);
  }
}

TEST_CASE("the lanes' shares differ little, and batches are full up to the last",
          "[ml][lane_rows]") {
  const auto plan = plan_of(101, 8, 3, 4);
  std::uint64_t sum = 0;
  for (std::size_t l = 0; l < 8; ++l) {
    CHECK((plan.lane_rows(l) >= 12 && plan.lane_rows(l) <= 14));
    sum += plan.lane_rows(l);
  }
  CHECK(sum == 101);
  CHECK(plan.batches_per_epoch() == 4);
  const auto dataset = dataset_of(plan, {0, plan.partitions});
  const LaneRows lane(dataset, plan, 0, 5, {});
  for (std::uint64_t batch = 0; batch < 3; ++batch) CHECK(lane.rows_of_batch(batch) == 4);
  CHECK(lane.rows_of_batch(3) == plan.lane_rows(0) - 12);
}

TEST_CASE("steps are batches in groups, the last one shorter", "[ml][lane_rows]") {
  auto plan = plan_of(100, 2, 1, 5);  // 10 batches
  for (const auto& [accumulate, steps] : std::vector<std::pair<std::size_t, std::uint64_t>>{
           {1, 10}, {2, 5}, {3, 4}, {10, 1}, {11, 1}}) {
    plan.accumulate = accumulate;
    CHECK(plan.steps_per_epoch() == steps);
  }
}

TEST_CASE("epochs, lanes and seeds have orders of their own; without shuffle there is one",
          "[ml][lane_rows]") {
  const auto plan = plan_of(120, 2, 2, 7);
  const auto dataset = dataset_of(plan, {0, plan.partitions});
  const auto order = [&](std::size_t lane, std::uint64_t seed, std::uint64_t epoch, bool shuffle) {
    LaneRows rows(dataset, plan, lane, seed, {shuffle, nullptr, ""});
    auto ids = epoch_of(rows, plan, epoch);
    for (auto& id : ids) id %= 60;  // lane 0 has 60 .. 119, lane 1 has 0 .. 59
    return ids;
  };
  const std::set<Rows> orders{order(0, 1, 0, true), order(0, 1, 1, true), order(0, 1, 2, true),
                              order(0, 2, 0, true), order(1, 1, 0, true)};
  CHECK(orders.size() == 5);
  CHECK(order(0, 1, 2, true) == order(0, 1, 2, true));
  CHECK(order(0, 1, 0, false) == order(0, 2, 5, false));
  auto sorted = order(0, 1, 0, false);
  CHECK(std::is_sorted(sorted.rbegin(), sorted.rend()));  // the ids descend with the positions
}

TEST_CASE("a lane takes the same rows in the same order whatever the ranks", "[ml][lane_rows]") {
  const auto plan = plan_of(101, 8, 3, 4);
  const auto all = dataset_of(plan, {0, plan.partitions});
  std::vector<Rows> alone;
  for (std::size_t l = 0; l < plan.lanes; ++l) {
    LaneRows lane(all, plan, l, 9, {});
    alone.push_back(epoch_of(lane, plan, 3));
  }
  for (int world = 1; world <= 9; ++world) {
    for (const bool dedicated : {false, true}) {
      const auto blocks = partition_blocks(plan, world, 2, dedicated);
      for (int rank = 0; rank < world; ++rank) {
        const auto dataset = dataset_of(plan, blocks[static_cast<std::size_t>(rank)]);
        const auto lanes = rank_lanes(plan.lanes, rank, world, 2, dedicated);
        for (std::size_t l = lanes.begin; l < lanes.end; ++l) {
          LaneRows lane(dataset, plan, l, 9, {});
          CHECK(epoch_of(lane, plan, 3) == alone[l]);
        }
      }
    }
  }
}

TEST_CASE("gather copies the columns of the rows it names", "[ml][lane_rows]") {
  const auto plan = plan_of(11, 1, 4, 5);
  const auto dataset = dataset_of(plan, {0, 4});
  LaneRows lane(dataset, plan, 0, 1, {});
  lane.start_epoch(1);
  for (std::uint64_t batch = 0; batch < 3; ++batch) {
    const std::size_t n = lane.rows_of_batch(batch);
    std::vector<float> x(2 * n), y(n);
    Rows ids(n);
    lane.gather(batch, {"x", "y"}, {x, y, {}, ids});
    for (std::size_t i = 0; i < n; ++i) {
      const auto id = static_cast<float>(ids[i]);
      CHECK(x[2 * i] == id);
      CHECK(x[2 * i + 1] == -id);
      CHECK(y[i] == id + 0.5f);
    }
  }
}

TEST_CASE("rows of like length share a batch, each row once, in another order each epoch",
          "[ml][lane_rows]") {
  const auto plan = plan_of(203, 2, 3, 4);
  auto dataset = dataset_of(plan, {0, plan.partitions});
  const auto length_of = [](std::uint64_t id) { return id * 7 % 31; };
  for (auto& partition : dataset.own) {  // as many leading ones as the row is long
    data::SparseBuilder words(40);
    for (const auto id : partition.row_ids) {
      for (std::uint64_t t = 0; t < length_of(id); ++t) words.push(t, 1);
      words.end_row();
    }
    partition.set("words", std::move(words).finish());
  }
  std::set<Rows> orders;
  for (std::size_t l = 0; l < 2; ++l) {
    LaneRows lane(dataset, plan, l, 5, {true, nullptr, "words"});
    LaneRows plain(dataset, plan, l, 5, {});
    for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
      auto rows = epoch_of(lane, plan, epoch), same = epoch_of(plain, plan, epoch);
      orders.insert(rows);
      const std::size_t whole = rows.size() / 4 * 4;
      std::uint64_t spread = 0;
      for (std::size_t i = 0; i < whole; i += 4) {
        const auto [least, most] = std::minmax({length_of(rows[i]), length_of(rows[i + 1]),
                                                length_of(rows[i + 2]), length_of(rows[i + 3])});
        spread += most - least;
      }
      CHECK(spread <= 31);  // sorted batches: all spreads together are at most the whole range
      std::sort(rows.begin(), rows.end());
      std::sort(same.begin(), same.end());
      CHECK(rows == same);
    }
  }
  CHECK(orders.size() == 4);
}

TEST_CASE("a lane whose rows are not those of the plan is a bug", "[ml][lane_rows]") {
  const auto plan = plan_of(100, 2, 2, 4);
  const auto dataset = dataset_of(plan_of(90, 2, 2, 4), {0, 4});
  CHECK_THROWS_AS(LaneRows(dataset, plan, 0, 1, {}), InternalError);
}

TEST_CASE("rank_lanes and partition_blocks share everything out once, in order",
          "[ml][lane_rows]") {
  const int world = GENERATE(range(1, 10));
  const auto threads = GENERATE(as<std::size_t>{}, 1, 2, 3);
  const auto lanes = GENERATE(as<std::size_t>{}, 1, 3, 8, 64);
  const bool dedicated = GENERATE(false, true);
  const auto plan = plan_of(1000, lanes, 2, 4);
  const auto blocks = partition_blocks(plan, world, threads, dedicated);
  REQUIRE(blocks.size() == static_cast<std::size_t>(world));
  std::size_t next_lane = 0, next_partition = 0, most = 0, least = lanes;
  for (int rank = 0; rank < world; ++rank) {
    const auto own = rank_lanes(lanes, rank, world, threads, dedicated);
    const auto block = blocks[static_cast<std::size_t>(rank)];
    CHECK(block == dist::Range{own.begin * 2, own.end * 2});
    if (dedicated && world > 1 && rank == 0) {
      CHECK(own.begin == own.end);
      continue;
    }
    CHECK(own.begin == next_lane);
    CHECK(block.begin == next_partition);
    next_lane = own.end;
    next_partition = block.end;
    most = std::max(most, own.end - own.begin);
    least = std::min(least, own.end - own.begin);
  }
  CHECK(next_lane == lanes);
  CHECK(next_partition == plan.partitions);
  CHECK(most - least <= threads);  // a thread's share differs by one at most
}

}  // namespace
}  // namespace lockstep::ml
