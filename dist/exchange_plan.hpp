#pragma once
/// Who computes which lanes, who owns which segment, and in which order sums are taken: everything
/// about a gradient exchange that follows from its sizes alone. Every rank makes the same plan for
/// all ranks. No communication. Private to dist/.

#include <cstddef>
#include <vector>

#include "dist/exchange.hpp"
#include "dist/tree.hpp"

namespace lockstep::dist {

/// One addition: value[left] += value[right].
struct Addition {
  std::size_t left = 0, right = 0;
  bool operator==(const Addition&) const = default;
};

/// How the values of some neighbouring nodes of a tree fold.
struct Fold {
  std::vector<Addition> additions;  ///< in order, indices into the nodes
  std::vector<Range> nodes;         ///< what is left: the maximal nodes
  std::vector<std::size_t>
      values;  ///< where their sums are: index of the node each of them begins with
};

/// The fold of `nodes`, neighbours in ascending order, of the tree over [0, n).
Fold fold_nodes(std::size_t n, const std::vector<Range>& nodes);

/// What a thread does with its lanes: which of its buffers each lane is computed into, and what is
/// added at its end.
struct ThreadPlan {
  struct Lane {
    std::size_t buffer = 0;
    std::vector<Addition> additions;  ///< indices of buffers
  };
  Range lanes;
  std::vector<Lane> steps;           ///< one a lane
  std::size_t buffers = 0;           ///< how many are needed: at most log2(lanes) + 2
  std::vector<Range> nodes;          ///< the maximal nodes of `lanes` ...
  std::vector<std::size_t> results;  ///< ... and the buffers that hold their sums in the end
};
ThreadPlan plan_thread(std::size_t n, Range lanes);

struct ExchangeSizes {
  std::size_t world_size = 1, lanes = 1, floats = 0, threads = 1;
  bool dedicated_driver = false;  ///< rank 0 computes no lanes; ignored in a world of one
  ExchangeOptions options{};
  std::vector<RowBlock> blocks{};  ///< of which a lane touches few rows
};

class ExchangePlan {
 public:
  explicit ExchangePlan(const ExchangeSizes& sizes);

  const ExchangeSizes& sizes() const noexcept { return sizes_; }
  std::size_t workers() const noexcept { return sizes_.world_size - first_worker_; }
  std::size_t first_worker() const noexcept { return first_worker_; }  ///< rank of worker 0

  Range thread_lanes(std::size_t rank, std::size_t thread) const;
  Range rank_lanes(std::size_t rank) const;
  /// The maximal nodes of a rank's lanes: what it has to send of each bucket.
  const std::vector<Range>& rank_nodes(std::size_t rank) const { return rank_nodes_[rank]; }
  /// The nodes of all ranks in order, and how they fold to the root.
  const Fold& fold() const noexcept { return fold_; }

  const std::vector<Segment>& buckets() const noexcept { return buckets_; }
  /// The piece of a bucket that a rank owns; may be empty.
  Segment owned(std::size_t bucket, std::size_t rank) const;

  /// Whether recursive halving follows the tree: the number of workers is a power of two and each
  /// has one node of it.
  bool halves() const noexcept { return halves_; }
  std::size_t rounds() const noexcept { return rounds_; }  ///< log2(workers), for halving
  /// What `worker` still has to sum of a bucket after `rounds` rounds of halving: in round k (from
  /// 0) the workers that differ in bit k alone share their common range, the lower one keeps the
  /// lower half.
  Segment halved(std::size_t bucket, std::size_t worker, std::size_t rounds) const;

 private:
  bool tree_can_be_halved() const;

  ExchangeSizes sizes_;
  std::size_t first_worker_ = 0;
  std::vector<std::vector<Range>> rank_nodes_;
  Fold fold_;
  std::vector<Segment> buckets_;
  bool halves_ = false;
  std::size_t rounds_ = 0;
};

}  // namespace lockstep::dist
