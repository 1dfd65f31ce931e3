#pragma once
/// The fixed binary tree over lane or partition indices: every floating-point sum follows it, so
/// its bits do not depend on who computes which leaf.
///
/// The tree over [0, n): a node is an aligned block [i 2^k, (i+1) 2^k) cut to [0, n); its sum is
/// left + right, or left alone where right is empty. A contiguous block of leaves falls into at
/// most 2 log2(n) maximal complete nodes.

#include <cstddef>
#include <utility>
#include <vector>

namespace lockstep::dist {

/// Leaves [begin, end).
struct Range {
  std::size_t begin = 0, end = 0;
  bool operator==(const Range&) const = default;
};

/// The contiguous block of [0, n) that `worker` of `workers` owns: sizes differ by one at most, in
/// order.
Range block_of(std::size_t n, std::size_t worker, std::size_t workers);

/// The maximal nodes of the tree over [0, n) inside `block`, in order.
std::vector<Range> maximal_nodes(std::size_t n, Range block);

/// Sums values that arrive in leaf order for a contiguous block: a binary counter. T needs `add(T&
/// left, const T& right)` given as `Add`. Holds at most 2 log2(n) values.
template <typename T, typename Add>
class TreeCounter {
 public:
  TreeCounter(std::size_t n, Range block, Add add)
      : n_(n), next_(block.begin), add_(std::move(add)) {}

  /// The value of the next leaf.
  void push(T value) { push_node({next_, next_ + 1}, std::move(value)); }

  /// The value of a node that begins where the last one ended.
  void push_node(Range node, T value) {
    next_ = node.end;
    nodes_.push_back(node);
    values_.push_back(std::move(value));
    while (nodes_.size() >= 2 && siblings(nodes_[nodes_.size() - 2], nodes_.back())) {
      add_(values_[values_.size() - 2], values_.back());
      nodes_[nodes_.size() - 2].end = nodes_.back().end;
      nodes_.pop_back();
      values_.pop_back();
    }
  }

  const std::vector<Range>& nodes() const noexcept { return nodes_; }  ///< maximal nodes so far
  std::vector<T>& values() noexcept { return values_; }                ///< their sums

 private:
  bool siblings(Range left, Range right) const;

  std::size_t n_, next_;
  Add add_;
  std::vector<Range> nodes_;
  std::vector<T> values_;
};

/// Whether two neighbouring nodes are the two children of one node of the tree over [0, n).
bool are_siblings(std::size_t n, Range left, Range right);

template <typename T, typename Add>
bool TreeCounter<T, Add>::siblings(Range left, Range right) const {
  return are_siblings(n_, left, right);
}

}  // namespace lockstep::dist
