#pragma once
/// Sums of long vectors over the ranks, of which each rank finishes its own segment
/// (reduce-scatter), and the whole vector from the segments (allgather).
///
/// Segment r of a vector of `length` numbers is block_of(length, r, world_size): contiguous, in
/// rank order, sizes differ by one at most, empty where there are more ranks than numbers.
///
/// Sums of doubles follow the tree over the leaves [0, n) (dist/tree.hpp), element by element: the
/// same bits on any number of ranks. Sums of int64 are exact in any order.
///
/// Vectors may be of any length: they travel in rounds, a piece of every segment a round, straight
/// from the caller's memory. No MPI message has more than 4 MB. A rank receives at most about
/// VectorOptions::round_bytes at a time.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dist/communicator.hpp"
#include "dist/tree.hpp"

namespace lockstep::dist {

/// Change no bit of a result. Give every rank the same.
struct VectorOptions {
  std::size_t round_bytes = std::size_t{32} << 20;  ///< of memory to receive pieces in
  std::size_t piece_values = 0;  ///< numbers of a segment a round; 0: what round_bytes allow
};

/// The segment of this rank. NOT COLLECTIVE
Range own_segment(const Communicator& ranks, std::size_t length);

/// COLLECTIVE. This rank holds the sums of the maximal nodes of its block of the leaves [0, n);
/// the ranks' blocks are in rank order and cover [0, n), and may be empty. `length` and n >= 1 are
/// the same on all ranks, and each of `sums` has `length` numbers. Returns the root's sum of this
/// rank's segment.
std::vector<double> reduce_scatter(const Communicator& ranks, std::size_t n,
                                   const std::vector<Range>& nodes,
                                   const std::vector<std::vector<double>>& sums, std::size_t length,
                                   const VectorOptions& options = {});

/// COLLECTIVE. The sum over all ranks of all their vectors: any number of them on each rank, none
/// included, each of `length` numbers. Returns this rank's segment of it. A sum beyond int64 wraps
/// around.
std::vector<std::int64_t> reduce_scatter(const Communicator& ranks,
                                         const std::vector<std::vector<std::int64_t>>& vectors,
                                         std::size_t length, const VectorOptions& options = {});

/// COLLECTIVE. The whole vector of `length` numbers on every rank, from each rank's own segment.
std::vector<double> allgather_vector(const Communicator& ranks, std::span<const double> segment,
                                     std::size_t length);
std::vector<std::int64_t> allgather_vector(const Communicator& ranks,
                                           std::span<const std::int64_t> segment,
                                           std::size_t length);

/// left[i] += right[i]. Local.
void add_vector(std::span<double> left, std::span<const double> right);
void add_vector(std::span<std::int64_t> left, std::span<const std::int64_t> right);

}  // namespace lockstep::dist
