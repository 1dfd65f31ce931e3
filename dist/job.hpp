#pragma once
/// Runs a job (map over partitions, merge in the tree, finish) across the cluster.
///
/// A job is a local class with
///     Partial map(const Piece&) const;
///     Partial merge(Partial left, const Partial& right) const;
///     Result finish(Partial) const;
/// and, where Partial is not a thing that core/serial.hpp can write,
///     void save(const Partial&, std::string&) const;  Partial load(std::string_view) const;
/// run_job calls map for each own partition (on the rank's threads), merges along the tree over the
/// partition indices, and gives every rank the same Result.

#include <algorithm>
#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/serial.hpp"
#include "core/thread_pool.hpp"
#include "dist/cluster.hpp"
#include "dist/session.hpp"
#include "dist/tree.hpp"

namespace lockstep::dist {

/// COLLECTIVE. This rank holds the values of the maximal nodes of its block of [0, n); the ranks'
/// blocks are in rank order. Merges them along the tree and returns the root's bytes on every rank.
/// merge(left, right) gives the parent's bytes. Values may be of any size: they travel in pieces of
/// a few MB. A rank holds two values and the result at a time; long vectors of sums are better off
/// in a vector job (dist/vector_job.hpp), where no rank holds a partial of another as a whole.
std::string merge_tree(const Communicator& ranks, std::size_t n, const std::vector<Range>& nodes,
                       std::vector<std::string> values,
                       const std::function<std::string(std::string, std::string)>& merge);

template <typename Job, typename Piece>
using PartialOf = decltype(std::declval<const Job&>().map(std::declval<const Piece&>()));

/// Bytes of a partial, and back.
template <typename Job, typename Partial>
std::string save_partial(const Job& job, const Partial& partial) {
  if constexpr (requires(std::string & out) { job.save(partial, out); }) {
    std::string out;
    job.save(partial, out);
    return out;
  } else {
    Writer out;
    Serial<Partial>::put(out, partial);
    return out.take();
  }
}
template <typename Partial, typename Job>
Partial load_partial(const Job& job, std::string_view bytes) {
  if constexpr (requires { job.load(bytes); }) {
    return job.load(bytes);
  } else {
    Reader in(bytes);
    Partial partial{};
    Serial<Partial>::get(in, partial);
    return partial;
  }
}

/// Maps this rank's partitions, as many at a time as there are threads, and merges them as they
/// come: the values of the maximal nodes of `block`. Local. around(piece, work) stands around each
/// map, which is work().
template <typename Job, typename Piece, typename Around>
auto map_block(ThreadPool& threads, const Job& job, std::size_t partitions, Range block,
               const std::vector<Piece>& own, const Around& around) {
  using Partial = PartialOf<Job, Piece>;
  const auto add = [&job](Partial& left, const Partial& right) {
    left = job.merge(std::move(left), right);
  };
  TreeCounter<Partial, decltype(add)> counter(partitions, block, add);
  for (std::size_t begin = 0; begin < own.size(); begin += threads.size()) {
    std::vector<std::optional<Partial>> mapped(std::min(threads.size(), own.size() - begin));
    threads.for_each(mapped.size(), [&](std::size_t, std::size_t i) {
      around(own[begin + i], [&] { mapped[i].emplace(job.map(own[begin + i])); });
    });
    for (auto& partial : mapped) counter.push(std::move(*partial));
  }
  return counter;
}

/// COLLECTIVE. `partitions` in all; `own` are this rank's, those of block `block`, in order. An
/// exception in map, merge or finish on any rank ends as an AgreedError on all. around(piece, work)
/// stands around each map, which is work(): to wait for memory, and to give it back.
template <typename Job, typename Piece, typename Around>
auto run_job(const Cluster& cluster, const Job& job, std::size_t partitions, Range block,
             const std::vector<Piece>& own, const Around& around) {
  const auto& [ranks, threads] = cluster;
  using Partial = PartialOf<Job, Piece>;
  std::vector<Range> nodes;
  std::vector<std::string> values;
  all_or_none(ranks, [&] {
    auto counter = map_block(threads, job, partitions, block, own, around);
    nodes = counter.nodes();
    for (const Partial& value : counter.values()) values.push_back(save_partial(job, value));
  });
  const std::string total = merge_tree(
      ranks, partitions, nodes, std::move(values), [&job](std::string left, std::string right) {
        return save_partial(
            job, job.merge(load_partial<Partial>(job, left), load_partial<Partial>(job, right)));
      });
  std::optional<decltype(job.finish(std::declval<Partial>()))> result;
  all_or_none(ranks, [&] { result.emplace(job.finish(load_partial<Partial>(job, total))); });
  return std::move(*result);
}

template <typename Job, typename Piece>
auto run_job(const Cluster& cluster, const Job& job, std::size_t partitions, Range block,
             const std::vector<Piece>& own) {
  return run_job(cluster, job, partitions, block, own,
                 [](const Piece&, const auto& work) { work(); });
}

/// The same job on one process without MPI, where `own` are all partitions: for tests.
template <typename Job, typename Piece>
auto run_job_locally(ThreadPool& threads, const Job& job, const std::vector<Piece>& own) {
  auto counter = map_block(threads, job, own.size(), Range{0, own.size()}, own,
                           [](const Piece&, const auto& work) { work(); });
  expects(counter.values().size() == 1, "the tree has one root");
  return job.finish(std::move(counter.values().front()));
}

}  // namespace lockstep::dist
