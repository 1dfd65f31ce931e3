/// The exchange between ranks of one host: owners add the other ranks' sums where they lie, and
/// take the values of other owners from where they are.
///
/// When may memory be written again? A rank's sums lie untouched until all owners have added them:
/// the gather, which every rank ends with, waits for that. The root's memory holds the sums until
/// their owner has made values of them, which is before it publishes these. Values are made anew
/// only in the next step, after all ranks have published sums in it, and so have ended the last
/// gather.

#include <algorithm>
#include <chrono>

#include "dist/mpi_transport.hpp"

namespace lockstep::dist {
namespace {

using Clock = std::chrono::steady_clock;

class SharedReduce final : public ReduceScatter {
 public:
  SharedReduce(const ExchangePlan& plan, SharedFlats& flats, std::size_t rank)
      : ReduceScatter(plan.buckets().size()),
        plan_(plan),
        flats_(flats),
        rank_(rank),
        started_(plan.buckets().size()) {
    for (std::size_t r = 0; r < plan.sizes().world_size; ++r) {
      for (std::size_t i = 0; i < plan.rank_nodes(r).size(); ++i)
        sources_.push_back(flats.node(r, i));
    }
  }

  void begin() override {
    ++step_;
    started_.assign(started_.size(), false);
    ReduceScatter::begin();
  }

  void start(std::size_t bucket) override {
    started_[bucket] = true;
    flats_.publish_sums(bucket, step_);
  }

  float* sums() override { return sources_[plan_.fold().values[0]]; }
  TouchedRows& rows() override { return no_rows_; }

 private:
  void post(std::size_t) override {}

  Progress advance(std::size_t bucket) override {
    if (!started_[bucket]) return Progress::None;
    const Segment own = plan_.owned(bucket, rank_);
    if (own.begin == own.end) return Progress::Finished;
    for (std::size_t r = 0; r < plan_.sizes().world_size; ++r) {
      if (!flats_.has_sums(r, bucket, step_)) return Progress::None;
    }
    const auto start = Clock::now();
    add_all(plan_.fold().additions, sources_, own);
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    return Progress::Finished;
  }

  const ExchangePlan& plan_;
  SharedFlats& flats_;
  std::size_t rank_;
  std::vector<float*> sources_;  // the sums over the nodes of all ranks, in order
  std::vector<bool> started_;    // a bucket, in this step
  std::uint64_t step_ = 0;
  TouchedRows no_rows_;
};

/// A pipeline over owners instead of buckets: an owner has made all its values before the gather
/// begins.
class SharedAllgather final : public Allgather {
 public:
  SharedAllgather(const ExchangePlan& plan, SharedFlats& flats, std::size_t rank)
      : Allgather(plan.sizes().world_size), plan_(plan), flats_(flats), rank_(rank) {}

  void begin(const FlatMemory& memory, TouchedRows& rows) override {
    flats_.publish_values(++step_);
    Allgather::begin(memory, rows);
  }

 private:
  void post(std::size_t) override {}

  Progress advance(std::size_t owner) override {
    if (owner == rank_) return Progress::Finished;
    if (!flats_.has_values(owner, step_)) return Progress::None;
    const float* theirs = flats_.values(owner);
    for (std::size_t bucket = 0; bucket < plan_.buckets().size(); ++bucket) {
      const Segment owned = plan_.owned(bucket, owner);
      std::copy(theirs + owned.begin, theirs + owned.end, memory_.values + owned.begin);
    }
    return Progress::Finished;
  }

  const ExchangePlan& plan_;
  SharedFlats& flats_;
  std::size_t rank_;
  std::uint64_t step_ = 0;
};

}  // namespace

std::unique_ptr<ReduceScatter> make_shared_reduce(const ExchangePlan& plan, SharedFlats& flats,
                                                  std::size_t rank) {
  return std::make_unique<SharedReduce>(plan, flats, rank);
}

std::unique_ptr<Allgather> make_shared_allgather(const ExchangePlan& plan, SharedFlats& flats,
                                                 std::size_t rank) {
  return std::make_unique<SharedAllgather>(plan, flats, rank);
}

}  // namespace lockstep::dist
