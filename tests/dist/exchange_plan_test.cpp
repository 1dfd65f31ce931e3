#include "dist/exchange_plan.hpp"

#include "tests/catch.hpp"

namespace lockstep::dist {
namespace {

ExchangeSizes sizes(std::size_t world_size, std::size_t lanes,
                    std::size_t floats = 10 * kSegmentFloats) {
  ExchangeSizes sizes;
  sizes.world_size = world_size;
  sizes.lanes = lanes;
  sizes.floats = floats;
  sizes.options.bucket_bytes = 4 * kSegmentFloats * sizeof(float);
  return sizes;
}

/// Every number of every bucket has exactly one owner, and pieces begin at multiples of
/// kSegmentFloats.
void check_owners(const ExchangePlan& plan) {
  for (std::size_t bucket = 0; bucket < plan.buckets().size(); ++bucket) {
    std::vector<int> owners(plan.buckets()[bucket].end, 0);
    for (std::size_t rank = 0; rank < plan.sizes().world_size; ++rank) {
      const Segment own = plan.owned(bucket, rank);
      if (own.begin == own.end) continue;
      CHECK(own.begin % kSegmentFloats == 0);
      for (std::size_t i = own.begin; i < own.end; ++i) ++owners[i];
    }
    bool once = true;
    for (std::size_t i = plan.buckets()[bucket].begin; i < owners.size(); ++i)
      once = once && owners[i] == 1;
    CHECK(once);
  }
}

}  // namespace

TEST_CASE("plan_thread uses few buffers and ends with the maximal nodes", "[dist][exchange]") {
  const ThreadPlan plan = plan_thread(8, {0, 3});
  CHECK(plan.nodes == std::vector<Range>{{0, 2}, {2, 3}});
  CHECK(plan.results == std::vector<std::size_t>{0, 1});
  CHECK(plan.buffers == 2);
  CHECK(plan.steps[0].additions.empty());
  CHECK(plan.steps[1].additions == std::vector<Addition>{{0, 1}});
  CHECK(plan.steps[2].buffer == 1);  // free again
  CHECK(plan_thread(1024, {0, 1024}).buffers <= 12);
  CHECK(plan_thread(8, {4, 4}).steps.empty());
}

TEST_CASE("fold_nodes folds neighbours to the root", "[dist][exchange]") {
  const Fold fold = fold_nodes(8, {{0, 2}, {2, 3}, {3, 4}, {4, 6}, {6, 8}});
  CHECK(fold.additions == std::vector<Addition>{{1, 2}, {0, 1}, {3, 4}, {0, 3}});
  CHECK(fold.nodes == std::vector<Range>{{0, 8}});
  CHECK(fold.values == std::vector<std::size_t>{0});
}

TEST_CASE("ExchangePlan cuts the vector into buckets and segments", "[dist][exchange]") {
  const ExchangePlan plan(sizes(3, 8, 9 * kSegmentFloats + 1));
  REQUIRE(plan.buckets().size() == 3);
  CHECK(plan.buckets()[2].begin == 8 * kSegmentFloats);
  CHECK(plan.buckets()[2].end == 9 * kSegmentFloats + 1);
  CHECK(plan.rank_nodes(1) == std::vector<Range>{{3, 4}, {4, 6}});
  check_owners(plan);
}

TEST_CASE("ExchangePlan: every number has one owner", "[dist][exchange][property]") {
  for (const std::size_t floats : {1, 1000, 5000, 70001}) {
    for (std::size_t world_size = 1; world_size <= 9; ++world_size) {
      for (const bool dedicated : {false, true}) {
        ExchangeSizes all = sizes(world_size, 8, floats);
        all.dedicated_driver = dedicated;
        check_owners(ExchangePlan(all));
        all.options.method = ExchangeMethod::Direct;
        check_owners(ExchangePlan(all));
      }
    }
  }
}

TEST_CASE("ExchangePlan halves where the ranks' lanes are equal nodes of the tree",
          "[dist][exchange]") {
  CHECK(ExchangePlan(sizes(1, 8)).halves());
  CHECK(ExchangePlan(sizes(2, 8)).halves());
  CHECK(ExchangePlan(sizes(8, 8)).halves());
  CHECK(ExchangePlan(sizes(4, 7)).halves());  // [0,2) [2,4) [4,6) [6,7)
  CHECK_FALSE(ExchangePlan(sizes(3, 8)).halves());
  CHECK_FALSE(ExchangePlan(sizes(2, 6)).halves());  // [0,3) is not a node
  CHECK_FALSE(ExchangePlan(sizes(8, 4)).halves());  // idle ranks
  ExchangeSizes dedicated = sizes(5, 8);
  dedicated.dedicated_driver = true;
  CHECK(ExchangePlan(dedicated).halves());
  CHECK(ExchangePlan(dedicated).rank_lanes(0) == Range{0, 0});
  CHECK(ExchangePlan(dedicated).rank_lanes(4) == Range{6, 8});
}

TEST_CASE("ExchangePlan: in each round of halving two partners share the same range",
          "[dist][exchange]") {
  const ExchangePlan plan(sizes(8, 8));
  for (std::size_t worker = 0; worker < 8; ++worker) {
    for (std::size_t round = 0; round < 3; ++round) {
      const std::size_t partner = worker ^ std::size_t{1} << round;
      const Segment before = plan.halved(1, worker, round), same = plan.halved(1, partner, round);
      CHECK(before.begin == same.begin);
      CHECK(before.end == same.end);
      const Segment low = plan.halved(1, std::min(worker, partner), round + 1);
      const Segment high = plan.halved(1, std::max(worker, partner), round + 1);
      CHECK(low.begin == before.begin);
      CHECK(low.end == high.begin);
      CHECK(high.end == before.end);
    }
  }
}

TEST_CASE("ExchangePlan: threads share the lanes of their rank in order", "[dist][exchange]") {
  ExchangeSizes all = sizes(2, 5);
  all.threads = 3;
  const ExchangePlan plan(all);
  CHECK(plan.thread_lanes(0, 0) == Range{0, 1});
  CHECK(plan.thread_lanes(1, 1) == Range{4, 5});
  CHECK(plan.thread_lanes(1, 2) == Range{5, 5});
  CHECK(plan.rank_lanes(0) == Range{0, 3});
  CHECK(plan.rank_lanes(1) == Range{3, 5});
}

}  // namespace lockstep::dist
