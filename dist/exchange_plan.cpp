#include "dist/exchange_plan.hpp"

#include <algorithm>
#include <bit>

#include "core/error.hpp"

namespace lockstep::dist {
namespace {

// A bucket's messages must stay far below MPI's 2^31 bytes.
constexpr std::size_t kMaxBucketFloats = std::size_t{64} << 20;

std::size_t segments_in(std::size_t floats) {
  return (floats + kSegmentFloats - 1) / kSegmentFloats;
}

/// Blocks [begin, end) of kSegmentFloats, counted from the beginning of `range`, cut to it.
Segment blocks(Segment range, std::size_t begin, std::size_t end) {
  return {std::min(range.begin + begin * kSegmentFloats, range.end),
          std::min(range.begin + end * kSegmentFloats, range.end)};
}

}  // namespace

Fold fold_nodes(std::size_t n, const std::vector<Range>& nodes) {
  Fold fold;
  const auto add = [&](std::size_t left, std::size_t right) {
    fold.additions.push_back({left, right});
  };
  TreeCounter<std::size_t, decltype(add)> counter(n, {0, n}, add);
  for (std::size_t i = 0; i < nodes.size(); ++i) counter.push_node(nodes[i], i);
  fold.nodes = counter.nodes();
  fold.values = counter.values();
  return fold;
}

ThreadPlan plan_thread(std::size_t n, Range lanes) {
  ThreadPlan plan;
  plan.lanes = lanes;
  std::vector<std::size_t> unused;
  std::vector<Addition>* additions = nullptr;
  const auto add = [&](std::size_t left, std::size_t right) {
    additions->push_back({left, right});
    unused.push_back(right);
  };
  TreeCounter<std::size_t, decltype(add)> counter(n, lanes, add);
  for (std::size_t lane = lanes.begin; lane < lanes.end; ++lane) {
    if (unused.empty()) unused.push_back(plan.buffers++);
    const std::size_t buffer =
        unused.back();  // the one used last, which is most likely still in the cache
    unused.pop_back();
    plan.steps.push_back({buffer, {}});
    additions = &plan.steps.back().additions;
    counter.push(buffer);
  }
  plan.nodes = counter.nodes();
  plan.results = counter.values();
  return plan;
}

ExchangePlan::ExchangePlan(const ExchangeSizes& sizes) : sizes_(sizes) {
  expects(sizes.lanes > 0 && sizes.threads > 0 && sizes.world_size > 0,
          "exchange: at least one lane, thread and rank");
  first_worker_ = sizes.dedicated_driver && sizes.world_size > 1 ? 1 : 0;
  const std::size_t wanted =
      segments_in(sizes.options.bucket_bytes / sizeof(float)) * kSegmentFloats;
  const std::size_t bucket = std::clamp(wanted, kSegmentFloats, kMaxBucketFloats);
  for (std::size_t begin = 0; begin < sizes.floats; begin += bucket) {
    buckets_.push_back({begin, std::min(begin + bucket, sizes.floats)});
  }
  std::vector<Range> nodes;
  for (std::size_t rank = 0; rank < sizes.world_size; ++rank) {
    rank_nodes_.push_back(maximal_nodes(sizes.lanes, rank_lanes(rank)));
    nodes.insert(nodes.end(), rank_nodes_.back().begin(), rank_nodes_.back().end());
  }
  fold_ = fold_nodes(sizes.lanes, nodes);
  rounds_ = static_cast<std::size_t>(std::countr_zero(workers()));
  const auto method = sizes.options.method;
  halves_ = (method == ExchangeMethod::Tree || method == ExchangeMethod::Messages) &&
            tree_can_be_halved();
}

bool ExchangePlan::tree_can_be_halved() const {
  if (!std::has_single_bit(workers())) return false;
  std::vector<Range> level;
  for (std::size_t rank = first_worker_; rank < sizes_.world_size; ++rank) {
    if (rank_nodes_[rank].size() != 1) return false;
    level.push_back(rank_nodes_[rank][0]);
  }
  for (; level.size() > 1; level.resize(level.size() / 2)) {
    for (std::size_t i = 0; i < level.size() / 2; ++i) {
      if (!are_siblings(sizes_.lanes, level[2 * i], level[2 * i + 1])) return false;
      level[i] = {level[2 * i].begin, level[2 * i + 1].end};
    }
  }
  return true;
}

Range ExchangePlan::thread_lanes(std::size_t rank, std::size_t thread) const {
  if (rank < first_worker_) return {0, 0};
  const std::size_t core = (rank - first_worker_) * sizes_.threads + thread;
  return block_of(sizes_.lanes, core, workers() * sizes_.threads);
}

Range ExchangePlan::rank_lanes(std::size_t rank) const {
  return {thread_lanes(rank, 0).begin, thread_lanes(rank, sizes_.threads - 1).end};
}

Segment ExchangePlan::owned(std::size_t bucket, std::size_t rank) const {
  const Segment whole = buckets_[bucket];
  if (sizes_.options.method == ExchangeMethod::PlainAllreduce) return whole;
  if (halves_)
    return rank < first_worker_ ? blocks(whole, 0, 0)
                                : halved(bucket, rank - first_worker_, rounds_);
  const Range own = block_of(segments_in(whole.end - whole.begin), rank, sizes_.world_size);
  return blocks(whole, own.begin, own.end);
}

Segment ExchangePlan::halved(std::size_t bucket, std::size_t worker, std::size_t rounds) const {
  Segment range = buckets_[bucket];
  for (std::size_t k = 0; k < rounds; ++k) {
    const std::size_t count = segments_in(range.end - range.begin);
    const std::size_t lower = (count + 1) / 2;
    range = (worker >> k & 1) == 0 ? blocks(range, 0, lower) : blocks(range, lower, count);
  }
  return range;
}

}  // namespace lockstep::dist
