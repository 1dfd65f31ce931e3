#pragma once
/// Runs a job (map over partitions, merge in the tree, finish) across the cluster.
///
/// A job is a local class with
///     Partial map(const Piece&) const;  Partial merge(Partial left, const Partial& right) const;
///     Result finish(Partial) const; void save(const Partial&, std::string&) const;  Partial
///     load(std::string_view) const;      bytes of a partial
/// run_job calls map for each own partition (on `threads` threads), merges along the tree over the
/// partition indices, and gives every rank the same Result.

#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/thread_pool.hpp"
#include "dist/communicator.hpp"
#include "dist/session.hpp"
#include "dist/tree.hpp"

namespace lockstep::dist {

/// COLLECTIVE. This rank holds the values of the maximal nodes of its block of [0, n); the ranks'
/// blocks are in rank order. Merges them along the tree and returns the root's bytes on every rank.
/// merge(left, right) gives the parent's bytes.
std::string merge_tree(const Communicator& ranks, std::size_t n, const std::vector<Node>& nodes,
                       std::vector<std::string> values,
                       const std::function<std::string(std::string, std::string)>& merge);

/// COLLECTIVE. `partitions` in all; `own` are this rank's, those of block `block`, in order. An
/// exception in map, merge or finish on any rank ends as an AgreedError on all.
template <typename Job, typename Piece>
auto run_job(const Communicator& ranks, ThreadPool& threads, const Job& job, std::size_t partitions,
             Node block, const std::vector<Piece>& own) {
  using Partial = decltype(job.map(own.front()));
  std::vector<std::optional<Partial>> mapped(own.size());
  std::vector<Node> nodes;
  std::vector<std::string> values;
  all_or_none(ranks, [&] {
    threads.for_each(own.size(),
                     [&](std::size_t, std::size_t i) { mapped[i].emplace(job.map(own[i])); });
    const auto add = [&job](Partial& left, const Partial& right) {
      left = job.merge(std::move(left), right);
    };
    TreeCounter<Partial, decltype(add)> counter(partitions, block, add);
    for (auto& partial : mapped) counter.push(std::move(*partial));
    nodes = counter.nodes();
    for (const Partial& value : counter.values()) job.save(value, values.emplace_back());
  });
  const std::string total = merge_tree(
      ranks, partitions, nodes, std::move(values), [&job](std::string left, std::string right) {
        std::string merged;
        job.save(job.merge(job.load(left), job.load(right)), merged);
        return merged;
      });
  std::optional<decltype(job.finish(job.load(total)))> result;
  all_or_none(ranks, [&] { result.emplace(job.finish(job.load(total))); });
  return std::move(*result);
}

}  // namespace lockstep::dist
