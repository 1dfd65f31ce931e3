#pragma once
/// The gradient exchange of a step: a bucketed reduce-scatter along the fixed tree over lanes, then
/// an allgather of what the owners made of their segments. Bucket and segment boundaries never
/// change a bit of the sums.
///
/// Use, once a step, on every rank (COLLECTIVE as a whole):
///     exchange.begin();
///     ... for each own lane, in any thread: fill lane_gradients(lane), and while its backward runs
///         exchange.ready(lane, floats): the first `floats` numbers of it are final ...
///     exchange.scalars(...)      sums of a few doubles over all lanes, on every rank
///     exchange.reduce()          gradients() holds the sums of the own segments
///     ... make the own segments of values() of them ...
///     exchange.allgather()       the values go to all ranks
///
/// Of a block (SparseBlock) a lane fills the rows it touches and says which, in lane_rows(): all
/// others are +0, in the lane and in every sum. Only touched rows are added, and sent where that is
/// less; a row that one of two summands lacks is added as +0, so the bits are those of dense sums.
///
/// Buckets are summed and sent as soon as the last own lane has made them; MPI progresses in
/// ready(), reduce() and allgather().

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/touched_rows.hpp"
#include "dist/communicator.hpp"
#include "dist/tree.hpp"

namespace lockstep::dist {

enum class ExchangeMethod {
  Tree,            ///< the product: in shared memory where all ranks run on one host and there are
                   ///< no blocks, else Messages
  Messages,        ///< recursive halving for powers of two, else Direct
  Direct,          ///< every rank to every owner, on any world size
  PlainAllreduce,  ///< for measuring only: sums in any order, MPI_Allreduce; every rank owns
                   ///< everything
};

/// How the rows of blocks travel. Never changes a bit.
enum class RowTransfer {
  Automatic,  ///< the touched rows alone, where that makes a message shorter
  Dense,      ///< all rows, for measuring and tests
  Sparse,     ///< the touched rows alone, for tests
};

/// What is gathered of blocks (SparseBlock) that change all over from a few touched rows. Never
/// changes a bit.
enum class RowGather {
  Automatic,  ///< sums where ranks run on several hosts
  Values,     ///< each owner makes its values and sends them: less work, more traffic
  Sums,       ///< each rank makes all values: more work, less traffic
};

struct ExchangeOptions {
  std::size_t bucket_bytes = 2 << 20;
  ExchangeMethod method = ExchangeMethod::Tree;
  RowTransfer rows = RowTransfer::Automatic;
  RowGather gather = RowGather::Automatic;  ///< for those who make the blocks
};

/// A block of the flat vector of which a lane touches few rows, and what is gathered of it after a
/// step: the values that its owners have made, or the sums of the touched rows, from which every
/// rank makes all values itself.
struct SparseBlock {
  RowBlock block;
  bool gather_sums = false;
};

/// A piece of the flat vector that this rank owns.
struct Segment {
  std::size_t begin = 0, end = 0;  ///< floats; begin is a multiple of kSegmentFloats
};

/// Sums over all lanes, and the flags that any rank has raised.
struct Scalars {
  std::vector<double> sums;
  std::uint32_t flags = 0;
};

/// Segments begin at multiples of this, so that block sums (the gradient norm) do not depend on who
/// owns what.
inline constexpr std::size_t kSegmentFloats = 1024;

class GradientExchange {
 public:
  /// COLLECTIVE. `lanes` lanes of `floats` numbers each; this rank computes lanes own_lanes() =
  /// block_of(lanes, rank's threads among all) in `threads` threads: thread t computes
  /// thread_lanes(t). `workers`: how many ranks compute (world_size, or world_size - 1 with a
  /// dedicated driver, whose rank 0 owns no lane but may own segments). `blocks`: ascending and
  /// apart.
  GradientExchange(const Communicator& ranks, std::size_t lanes, std::size_t floats,
                   std::size_t threads, bool dedicated_driver, const ExchangeOptions& options,
                   std::vector<SparseBlock> blocks = {});
  ~GradientExchange();

  Range own_lanes() const noexcept;
  Range thread_lanes(std::size_t thread) const noexcept;

  void begin();  ///< start of a step; forgets the last one

  /// Where thread `thread` puts the gradient of its lane `lane`, `floats` numbers, 64-byte aligned.
  /// Lanes of a thread come in ascending order; ask once a lane. The memory is the exchange's own
  /// and reused: blocks are zero, all else must be written.
  std::span<float> lane_gradients(std::size_t thread, std::size_t lane);
  /// Which rows of the blocks the lane touches, none at first.
  TouchedRows& lane_rows(std::size_t thread, std::size_t lane);

  /// From thread `thread`: the first `count` numbers of its current lane are final. count == floats
  /// ends the lane.
  void ready(std::size_t thread, std::size_t lane, std::size_t count);

  /// COLLECTIVE, one thread, after all own lanes are done. lane_values[i] holds the values of own
  /// lane i; returns their sums over all lanes along the tree, the same on every rank. `flags` are
  /// this rank's, also of one without a lane.
  Scalars scalars(const std::vector<std::vector<double>>& lane_values, std::uint32_t flags = 0);

  /// This rank's segments, one a bucket (may be empty), ascending.
  const std::vector<Segment>& segments() const noexcept;

  /// COLLECTIVE, one thread: waits for the reduce-scatter. Afterwards gradients() is valid on the
  /// own segments.
  void reduce();
  /// Flat, `floats` numbers; only the own segments hold sums. Of blocks until begin(), of all else
  /// until allgather().
  std::span<float> gradients() noexcept;
  /// Which rows of the blocks in gradients() may be other than +0; others may be among them.
  const TouchedRows& touched() const noexcept;
  /// The blocks; none if the method knows none.
  const std::vector<SparseBlock>& blocks() const noexcept;

  /// COLLECTIVE, one thread. The sum over the flat vector of f(block), blocks of kSegmentFloats
  /// numbers in order and along the tree over blocks: same bits on any world size. f sees only own
  /// blocks.
  double block_sum(const std::function<double(std::size_t begin, std::size_t end)>& f);

  /// Flat, `floats` numbers, zero at first: what allgather() brings to all ranks. In a step a rank
  /// writes its own segments alone, before allgather(). Others may be written where all ranks have
  /// met since the last allgather() or construction: a slower rank may still read them.
  std::span<float> values() noexcept;

  /// COLLECTIVE, one thread. Every rank's own segments of values() go to all ranks. Not those of
  /// blocks whose sums are gathered: of these gradients() and touched() hold the sums afterwards,
  /// on every rank.
  void allgather();

  /// Seconds this rank has spent in reduce, scalars and allgather, and bytes it has sent in
  /// messages, since the beginning.
  double seconds() const noexcept;
  double tree_seconds() const noexcept;  ///< adding lanes
  std::uint64_t bytes_sent() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::dist
