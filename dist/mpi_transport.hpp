#pragma once
/// How the buckets of a gradient exchange travel: pipelines over buckets, made of nonblocking
/// messages or of flags in shared memory. Private to dist/.
///
/// Nothing here waits: poll() moves on what can be moved. One thread at a time.

#include <cstdint>
#include <memory>
#include <vector>

#include "dist/exchange_plan.hpp"
#include "dist/lane_sums.hpp"
#include "dist/mpi_communicator.hpp"
#include "dist/row_messages.hpp"
#include "dist/shared_flats.hpp"

namespace lockstep::dist {

using Requests = std::vector<MPI_Request>;

/// The messages of one exchange, over a communicator of their own.
class Messages {
 public:
  enum class Phase { Reduce = 0, Gather = 1 };

  /// COLLECTIVE
  explicit Messages(Communicator::Impl& ranks);

  /// `part` tells apart the messages of one bucket between the same two ranks; 0 <= part < 32. None
  /// is sent for count 0.
  void send(Phase phase, std::size_t bucket, std::size_t part, const float* data, std::size_t count,
            std::size_t peer, Requests& requests);
  void receive(Phase phase, std::size_t bucket, std::size_t part, float* data, std::size_t count,
               std::size_t peer, Requests& requests);
  /// True, and `requests` is empty, if all are done.
  bool done(Requests& requests) const;
  /// Of one receive: how many floats have come; they may be fewer than there was room for.
  bool done(Requests& request, std::size_t& count) const;

  MPI_Comm comm() const noexcept { return comm_.get(); }
  std::size_t rank() const noexcept { return static_cast<std::size_t>(rank_); }
  std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }
  void count_sent(std::size_t bytes) noexcept { bytes_sent_ += bytes; }

 private:
  CommHandle comm_;
  int rank_;
  std::uint64_t bytes_sent_ = 0;
};

/// Buckets on their way, in ascending order, a few at a time.
class Pipeline {
 public:
  explicit Pipeline(std::size_t buckets)
      : done_(buckets, true), posted_(buckets), finished_(buckets) {}
  virtual ~Pipeline() = default;

  void restart();
  bool poll();  ///< true if anything has moved
  bool finished() const noexcept { return finished_ == done_.size(); }

 protected:
  enum class Progress { None, Moved, Finished };
  static constexpr std::size_t kWindow =
      8;  ///< buckets in flight; a bucket may use the memory of the one kWindow before it

  virtual void post(std::size_t bucket) = 0;  ///< receives, and sends of what is there already
  virtual Progress advance(std::size_t bucket) = 0;  ///< of a posted bucket

 private:
  std::vector<bool> done_;
  std::size_t posted_ = 0, finished_ = 0;  // buckets before these
};

/// A message that is on its way here, or has come and waits to be used.
struct Arrival {
  Segment range;
  const float* memory = nullptr;
  Requests request;
  std::size_t floats = 0;  ///< where it has come

  std::span<const float> message() const { return {memory, floats}; }
};

class ReduceScatter : public Pipeline {
 public:
  using Pipeline::Pipeline;
  virtual void begin() { restart(); }          ///< of a step: forgets the sums of the last one
  virtual void start(std::size_t bucket) = 0;  ///< this rank's node sums of the bucket are final
  virtual void all_started() {}                ///< and no thread computes any more
  virtual float* sums() = 0;        ///< flat; the own segments of finished buckets are valid
  virtual TouchedRows& rows() = 0;  ///< of sums()
  double seconds() const noexcept { return seconds_; }  ///< spent adding

 protected:
  double seconds_ = 0;
};

class Allgather : public Pipeline {
 public:
  using Pipeline::Pipeline;
  /// `memory` lasts until all is finished. Of its blocks the touched rows travel, to be added to
  /// the `rows` of the receiver.
  virtual void begin(const FlatMemory& memory, TouchedRows& rows) {
    memory_ = memory;
    rows_ = &rows;
    restart();
  }

 protected:
  FlatMemory memory_;
  TouchedRows* rows_ = nullptr;
};

/// What the transports share. `messages` of rows: of the sums, or of what is gathered.
struct Transport {
  const ExchangePlan& plan;
  Messages& messages;
  RowMessages& rows;
};

/// Each rank sends, for each segment, its node sums to the segment's owner, who folds them.
std::unique_ptr<ReduceScatter> make_direct_reduce(const Transport& transport, LaneSums& lanes);
/// Each owner sends its segment to all.
std::unique_ptr<Allgather> make_direct_allgather(const Transport& transport);
/// Recursive halving along the tree, and doubling back. Need plan.halves().
std::unique_ptr<ReduceScatter> make_halving_reduce(const Transport& transport, LaneSums& lanes);
std::unique_ptr<Allgather> make_doubling_allgather(const Transport& transport);
/// The ranks of one host add and copy where it lies: `flats` outlive it.
std::unique_ptr<ReduceScatter> make_shared_reduce(const ExchangePlan& plan, SharedFlats& flats,
                                                  std::size_t rank);
std::unique_ptr<Allgather> make_shared_allgather(const ExchangePlan& plan, SharedFlats& flats,
                                                 std::size_t rank);
/// MPI_Allreduce of each bucket, for measuring.
std::unique_ptr<ReduceScatter> make_plain_reduce(const ExchangePlan& plan, LaneSums& lanes,
                                                 Messages& messages);

}  // namespace lockstep::dist
