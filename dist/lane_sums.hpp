#pragma once
/// The gradients of this rank's own lanes and their sums: each thread's binary counter over its
/// lanes, bucket by bucket, then the fold over the threads of the rank. Of blocks only touched rows
/// are added; what is not touched in a buffer is +0. No communication. Private to dist/.

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "core/buffer.hpp"
#include "dist/exchange_plan.hpp"

namespace lockstep::dist {

/// left[i] += right[i]. The ranges do not overlap.
void add_to(float* left, const float* right, std::size_t count);
/// sum[i] = left[i] + right[i]. The ranges do not overlap.
void add_into(float* sum, const float* left, const float* right, std::size_t count);

/// The additions on `range` of values[...], piece by piece so that an operand is still in the cache
/// when it is used again.
void add_all(const std::vector<Addition>& additions, std::span<float* const> values, Segment range);

/// The same where `range` reaches into blocks, of which only the rows that either side has touched
/// are added; the left side has touched them afterwards.
void add_touched(const std::vector<Addition>& additions, std::span<float* const> values,
                 std::span<TouchedRows* const> rows, Segment range);

/// The sum of values[...][0, count) into `sum`: all `additions`, the last of which makes the root;
/// without any, a copy of the only value. Overwrites values.
void fold_into(float* sum, const std::vector<Addition>& additions, std::span<float* const> values,
               std::size_t count);

class LaneSums {
 public:
  LaneSums(const ExchangePlan& plan, std::size_t rank);

  /// Range i of the plan's rank_nodes(rank) is to lie here, in zeroed memory. Before the first
  /// lane.
  void place_node(std::size_t i, float* memory);

  void begin();  ///< of a step. One thread

  /// The buffer of the thread's next lane, blocks zero; ask once. Each thread calls this and
  /// ready() for its own lanes.
  std::span<float> lane(std::size_t thread, std::size_t lane);
  TouchedRows& lane_rows(std::size_t thread, std::size_t lane);  ///< of it

  /// The first `count` numbers of the thread's lane are final. Appends to `complete` the buckets
  /// that have thereby become sums over all own lanes; over all threads each bucket comes up once a
  /// step, in ascending order for each thread.
  void ready(std::size_t thread, std::size_t lane, std::size_t count,
             std::vector<std::size_t>& complete);

  bool has_lanes() const noexcept { return active_threads_ > 0; }
  bool complete() const noexcept;  ///< all own lanes have ended. One thread

  /// The sum over node `i` of the plan's rank_nodes(rank), flat; final where ready() has said so.
  float* node(std::size_t i) const;
  TouchedRows& node_rows(std::size_t i) const;  ///< of it

  double seconds() const noexcept;  ///< spent adding, by the thread that has spent most

 private:
  struct alignas(64) Thread {
    ThreadPlan plan;
    std::vector<Buffer<float>> buffers;
    std::vector<float*> values;  // of the buffers
    std::vector<TouchedRows> touched;
    std::vector<TouchedRows*> rows;  // of the buffers: touched
    std::size_t lane = 0;            // index of the current one in the plan
    std::size_t buckets_done = 0;    // of the current lane
    double seconds = 0;
  };
  struct Source {
    std::size_t thread, buffer;
  };
  std::size_t buffer_of(const Thread& own, std::size_t lane) const;
  void add(const std::vector<Addition>& additions, std::span<float* const> values,
           std::span<TouchedRows* const> rows, Segment range) const;
  void fold_threads(std::size_t bucket);
  float* value(const Source& source) const { return threads_[source.thread].values[source.buffer]; }
  TouchedRows& rows(const Source& source) const {
    return *threads_[source.thread].rows[source.buffer];
  }

  const ExchangePlan& plan_;
  std::vector<Thread> threads_;
  std::size_t active_threads_ = 0;
  std::vector<Source> sources_;  // the nodes of all threads in order
  Fold fold_;                    // of the sources
  std::unique_ptr<std::atomic<std::size_t>[]>
      arrived_;  // a bucket: threads whose last lane has passed it
};

}  // namespace lockstep::dist
