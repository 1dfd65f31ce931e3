#include "dist/lane_sums.hpp"

#include <algorithm>
#include <chrono>

#include "core/error.hpp"
#include "core/simd.hpp"

namespace lockstep::dist {
namespace {

constexpr std::size_t kCacheFloats =
    4096;  // 16 KB: two operands of an addition fit the first-level cache

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

LOCKSTEP_SIMD void add_to(float* __restrict left, const float* __restrict right,
                          std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) left[i] += right[i];
}

LOCKSTEP_SIMD void add_into(float* __restrict sum, const float* __restrict left,
                            const float* __restrict right, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) sum[i] = left[i] + right[i];
}

void add_all(const std::vector<Addition>& additions, std::span<float* const> values,
             Segment range) {
  for (std::size_t at = range.begin; at < range.end; at += kCacheFloats) {
    const std::size_t count = std::min(kCacheFloats, range.end - at);
    for (const Addition& addition : additions)
      add_to(values[addition.left] + at, values[addition.right] + at, count);
  }
}

void add_touched(const std::vector<Addition>& additions, std::span<float* const> values,
                 std::span<TouchedRows* const> rows, Segment range) {
  for (const auto [left, right] : additions) {
    rows[left]->add(*rows[right], range.begin, range.end);
    rows[left]->for_each(range.begin, range.end,
                         [&, sum = values[left], term = values[right]](
                             std::size_t begin, std::size_t end, std::size_t) {
                           add_to(sum + begin, term + begin, end - begin);
                         });
  }
}

void fold_into(float* sum, const std::vector<Addition>& additions, std::span<float* const> values,
               std::size_t count) {
  if (additions.empty()) {
    std::copy_n(values[0], count, sum);
    return;
  }
  for (std::size_t at = 0; at < count; at += kCacheFloats) {
    const std::size_t size = std::min(kCacheFloats, count - at);
    for (std::size_t i = 0; i + 1 < additions.size(); ++i) {
      add_to(values[additions[i].left] + at, values[additions[i].right] + at, size);
    }
    add_into(sum + at, values[additions.back().left] + at, values[additions.back().right] + at,
             size);
  }
}

LaneSums::LaneSums(const ExchangePlan& plan, std::size_t rank)
    : plan_(plan),
      threads_(plan.sizes().threads),
      arrived_(new std::atomic<std::size_t>[plan.buckets().size()]) {
  std::vector<Range> nodes;
  for (std::size_t t = 0; t < threads_.size(); ++t) {
    Thread& thread = threads_[t];
    thread.plan = plan_thread(plan.sizes().lanes, plan.thread_lanes(rank, t));
    thread.buffers.resize(thread.plan.buffers);
    thread.values.resize(thread.plan.buffers);
    thread.touched.assign(thread.plan.buffers, TouchedRows(plan.sizes().blocks));
    for (TouchedRows& rows : thread.touched) thread.rows.push_back(&rows);
    if (!thread.plan.steps.empty()) ++active_threads_;
    for (const std::size_t buffer : thread.plan.results) sources_.push_back({t, buffer});
    nodes.insert(nodes.end(), thread.plan.nodes.begin(), thread.plan.nodes.end());
  }
  fold_ = fold_nodes(plan.sizes().lanes, nodes);
  begin();
}

void LaneSums::place_node(std::size_t i, float* memory) {
  const Source& source = sources_[fold_.values[i]];
  threads_[source.thread].values[source.buffer] = memory;
}

void LaneSums::begin() {
  for (Thread& thread : threads_) thread.lane = thread.buckets_done = 0;
  for (std::size_t bucket = 0; bucket < plan_.buckets().size(); ++bucket) arrived_[bucket].store(0);
}

std::size_t LaneSums::buffer_of(const Thread& own, std::size_t lane) const {
  expects(own.lane < own.plan.steps.size() && own.plan.lanes.begin + own.lane == lane,
          "exchange: a thread takes its own lanes in ascending order");
  return own.plan.steps[own.lane].buffer;
}

TouchedRows& LaneSums::lane_rows(std::size_t thread, std::size_t lane) {
  return threads_[thread].touched[buffer_of(threads_[thread], lane)];
}

std::span<float> LaneSums::lane(std::size_t thread, std::size_t lane) {
  Thread& own = threads_[thread];
  const std::size_t buffer = buffer_of(own, lane);
  if (own.values[buffer] ==
      nullptr) {  // made by the thread that will use it, so that it lies in memory near its core
    own.buffers[buffer] = Buffer<float>(plan_.sizes().floats);
    own.values[buffer] = own.buffers[buffer].data();
  }
  own.touched[buffer].clear(own.values[buffer]);
  return {own.values[buffer], plan_.sizes().floats};
}

void LaneSums::ready(std::size_t thread, std::size_t lane, std::size_t count,
                     std::vector<std::size_t>& complete) {
  Thread& own = threads_[thread];
  expects(own.lane < own.plan.steps.size() && own.plan.lanes.begin + own.lane == lane,
          "exchange: a thread ends its lanes in ascending order");
  const auto& buckets = plan_.buckets();
  const ThreadPlan::Lane& step = own.plan.steps[own.lane];
  const bool last = own.lane + 1 == own.plan.steps.size();
  const auto start = Clock::now();
  for (; own.buckets_done < buckets.size() && buckets[own.buckets_done].end <= count;
       ++own.buckets_done) {
    const std::size_t bucket = own.buckets_done;
    add(step.additions, own.values, own.rows, buckets[bucket]);
    if (!last) continue;
    // Whoever comes last sees the sums of all others, and folds them.
    if (arrived_[bucket].fetch_add(1, std::memory_order_acq_rel) + 1 < active_threads_) continue;
    fold_threads(bucket);
    complete.push_back(bucket);
  }
  own.seconds += seconds_since(start);
  if (count == plan_.sizes().floats) {
    ++own.lane;
    own.buckets_done = 0;
  }
}

void LaneSums::add(const std::vector<Addition>& additions, std::span<float* const> values,
                   std::span<TouchedRows* const> rows, Segment range) const {
  if (additions.empty()) return;
  if (rows[0]->reach(range.begin, range.end)) {
    add_touched(additions, values, rows, range);
  } else {
    add_all(additions, values, range);
  }
}

void LaneSums::fold_threads(std::size_t bucket) {
  if (fold_.additions.empty()) return;
  std::vector<float*> values;
  std::vector<TouchedRows*> touched;
  for (const Source& source : sources_) {
    values.push_back(value(source));
    touched.push_back(&rows(source));
  }
  add(fold_.additions, values, touched, plan_.buckets()[bucket]);
}

bool LaneSums::complete() const noexcept {
  return std::all_of(threads_.begin(), threads_.end(),
                     [](const Thread& thread) { return thread.lane == thread.plan.steps.size(); });
}

float* LaneSums::node(std::size_t i) const { return value(sources_[fold_.values[i]]); }

TouchedRows& LaneSums::node_rows(std::size_t i) const { return rows(sources_[fold_.values[i]]); }

double LaneSums::seconds() const noexcept {
  double most = 0;
  for (const Thread& thread : threads_) most = std::max(most, thread.seconds);
  return most;
}

}  // namespace lockstep::dist
