#pragma once
/// Jobs whose partial is one long vector of sums: histograms, Gram matrices, sums of k-means.
///
/// Such a job is a local class with
///     std::size_t length() const;                                   // numbers of the vector
///     void map(const Piece& piece, std::span<T> sums) const;        // T: double or std::int64_t
///     Result finish(std::vector<T> total) const;                    // run_vector_job only
/// map gets `length` zeros and fills in the sums of one partition. It is called on several threads
/// at once, each with a vector of its own. There is no merge: partials are added element by
/// element. `length` is the same on every rank.
///
/// With double the additions follow the tree over the partition indices; with int64 they are exact:
/// the result has the same bits on any number of ranks and threads. It is not sent as a whole: each
/// rank adds up its own segment of the vector (dist/vector_sums.hpp).
///
/// For example the Gram matrix X'X of rows of d numbers, [d, d]:
///
///     struct Gram {
///       std::size_t d;
///       std::size_t length() const { return d * d; }
///       void map(const Rows& rows, std::span<double> sums) const {
///         for (const auto& x : rows)
///           for (std::size_t i = 0; i < d; ++i)
///             for (std::size_t j = 0; j < d; ++j) sums[i * d + j] += x[i] * x[j];
///       }
///       Matrix finish(std::vector<double> total) const { return Matrix(d, d, std::move(total)); }
///     };
///     const Matrix gram = run_vector_job<double>({ranks, threads}, Gram{d}, partitions, block,
///     own);
///
/// A job with few other numbers (a count, a cost) puts them at the vector's end.
///
/// Memory of a rank: one vector a thread, up to 2 log2(partitions) of partial sums (int64: one),
/// VectorOptions::round_bytes, and the result.

#include <concepts>
#include <type_traits>

#include "dist/job.hpp"
#include "dist/vector_sums.hpp"

namespace lockstep::dist {

template <typename Job, typename Piece, typename T>
concept VectorJob = (std::same_as<T, double> ||
                     std::same_as<T, std::int64_t>)&&requires(const Job& job, const Piece& piece,
                                                              std::span<T> sums) {
  { job.length() } -> std::convertible_to<std::size_t>;
  job.map(piece, sums);
};

/// The finished numbers [begin, begin + values.size()) of a job's vector.
template <typename T>
struct VectorSegment {
  std::size_t begin = 0;
  std::vector<T> values;
};

/// A vector job as an ordinary one, for map_block.
template <typename T, typename Job>
struct VectorPartials {
  const Job& job;
  std::size_t length;

  template <typename Piece>
  std::vector<T> map(const Piece& piece) const {
    std::vector<T> sums(length);
    job.map(piece, std::span<T>(sums));
    return sums;
  }
  std::vector<T> merge(std::vector<T> left, const std::vector<T>& right) const {
    add_vector(left, right);
    return left;
  }
};

/// COLLECTIVE. As run_job, of a vector job, but each rank is left with its own segment of the
/// total (own_segment); finish is not called. @throws AgreedError on all ranks if map throws on any
template <typename T, typename Job, typename Piece, typename Around>
requires VectorJob<Job, Piece, T> VectorSegment<T> run_vector_job_segment(
    const Cluster& cluster, const Job& job, std::size_t partitions, Range block,
    const std::vector<Piece>& own, const Around& around, const VectorOptions& options = {}) {
  const auto& [ranks, threads] = cluster;
  const std::size_t length = job.length();
  std::vector<Range> nodes;
  std::vector<std::vector<T>> sums;
  all_or_none(ranks, [&] {
    auto counter =
        map_block(threads, VectorPartials<T, Job>{job, length}, partitions, block, own, around);
    nodes = counter.nodes();
    sums = std::move(counter.values());
    if constexpr (std::same_as<T, std::int64_t>) {
      for (; sums.size() > 1; sums.pop_back()) add_vector(sums[0], sums.back());
    }
  });
  VectorSegment<T> segment{own_segment(ranks, length).begin, {}};
  if constexpr (std::same_as<T, double>) {
    segment.values = reduce_scatter(ranks, partitions, nodes, sums, length, options);
  } else {
    segment.values = reduce_scatter(ranks, sums, length, options);
  }
  return segment;
}

template <typename T, typename Job, typename Piece>
requires VectorJob<Job, Piece, T> VectorSegment<T> run_vector_job_segment(
    const Cluster& cluster, const Job& job, std::size_t partitions, Range block,
    const std::vector<Piece>& own) {
  return run_vector_job_segment<T>(cluster, job, partitions, block, own,
                                   [](const Piece&, const auto& work) { work(); });
}

/// COLLECTIVE. `partitions` in all; `own` are this rank's, those of block `block`, in order; it may
/// be empty. Every rank gets the same Result. An exception in map or finish on any rank ends as an
/// AgreedError on all. around(piece, work) as in run_job.
template <typename T, typename Job, typename Piece, typename Around>
requires VectorJob<Job, Piece, T>
auto run_vector_job(const Cluster& cluster, const Job& job, std::size_t partitions, Range block,
                    const std::vector<Piece>& own, const Around& around,
                    const VectorOptions& options = {}) {
  const auto& ranks = cluster.ranks;
  const std::size_t length = job.length();
  std::vector<T> total;
  {
    const auto segment =
        run_vector_job_segment<T>(cluster, job, partitions, block, own, around, options);
    total = allgather_vector(ranks, std::span<const T>(segment.values), length);
  }
  std::optional<decltype(job.finish(std::move(total)))> result;
  all_or_none(ranks, [&] { result.emplace(job.finish(std::move(total))); });
  return std::move(*result);
}

template <typename T, typename Job, typename Piece>
requires VectorJob<Job, Piece, T>
auto run_vector_job(const Cluster& cluster, const Job& job, std::size_t partitions, Range block,
                    const std::vector<Piece>& own) {
  return run_vector_job<T>(cluster, job, partitions, block, own,
                           [](const Piece&, const auto& work) { work(); });
}

}  // namespace lockstep::dist
