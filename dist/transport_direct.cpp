/// The direct exchange: every rank to every owner, on any world size.

#include <chrono>

#include "core/buffer.hpp"
#include "dist/mpi_transport.hpp"

namespace lockstep::dist {
namespace {

using Clock = std::chrono::steady_clock;

class DirectReduce final : public ReduceScatter {
 public:
  DirectReduce(const ExchangePlan& plan, LaneSums& lanes, Messages& messages)
      : ReduceScatter(plan.buckets().size()),
        plan_(plan),
        lanes_(lanes),
        messages_(messages),
        state_(plan.buckets().size()),
        sums_(plan.sizes().floats) {
    for (std::size_t rank = 0; rank < plan.sizes().world_size; ++rank) {
      for (std::size_t i = 0; i < plan.rank_nodes(rank).size(); ++i) sources_.push_back({rank, i});
    }
    const std::size_t foreign = sources_.size() - plan.rank_nodes(messages.rank()).size();
    for (std::size_t bucket = 0; bucket < state_.size(); ++bucket) {
      if (const Segment own = owned(bucket); own.end - own.begin > longest_)
        longest_ = own.end - own.begin;
    }
    longest_ = (longest_ + 15) / 16 * 16;  // each arrival begins at a cache line
    for (std::size_t i = 0; i < std::min(kWindow, state_.size()); ++i)
      arrivals_.emplace_back(foreign * longest_);
  }

  void start(std::size_t bucket) override {
    state_[bucket].started = true;
    const std::size_t world_size = plan_.sizes().world_size;
    for (std::size_t distance = 1; distance < world_size;
         ++distance) {  // everyone begins with another owner
      const std::size_t owner = (messages_.rank() + distance) % world_size;
      const Segment segment = plan_.owned(bucket, owner);
      for (std::size_t i = 0; i < plan_.rank_nodes(messages_.rank()).size(); ++i) {
        messages_.send(Messages::Phase::Reduce, bucket, i, lanes_.node(i) + segment.begin,
                       segment.end - segment.begin, owner, state_[bucket].sends);
      }
    }
  }

  float* sums() override { return sums_.data(); }

 private:
  struct Source {
    std::size_t rank, node;
  };
  struct Bucket {
    Requests receives, sends;
    bool started = false, folded = false;
  };

  Segment owned(std::size_t bucket) const { return plan_.owned(bucket, messages_.rank()); }

  void post(std::size_t bucket) override {
    const Segment own = owned(bucket);
    float* arrival = arrivals_[bucket % kWindow].data();
    for (const Source& source : sources_) {
      if (source.rank == messages_.rank()) continue;
      messages_.receive(Messages::Phase::Reduce, bucket, source.node, arrival, own.end - own.begin,
                        source.rank, state_[bucket].receives);
      arrival += longest_;
    }
  }

  Progress advance(std::size_t bucket) override {
    Bucket& state = state_[bucket];
    Progress progress = Progress::None;
    if (state.started && !state.folded && messages_.done(state.receives)) {
      fold(bucket);
      state.folded = true;
      progress = Progress::Moved;
    }
    if (!state.folded || !messages_.done(state.sends)) return progress;
    state.started = state.folded = false;  // ready for the next step
    return Progress::Finished;
  }

  void fold(std::size_t bucket) {
    const auto start = Clock::now();
    const Segment own = owned(bucket);
    float* arrival = arrivals_[bucket % kWindow].data();
    std::vector<float*> values;
    for (const Source& source : sources_) {
      const bool here = source.rank == messages_.rank();
      values.push_back(here ? lanes_.node(source.node) + own.begin : arrival);
      if (!here) arrival += longest_;
    }
    fold_into(sums_.data() + own.begin, plan_.fold().additions, values, own.end - own.begin);
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
  }

  const ExchangePlan& plan_;
  LaneSums& lanes_;
  Messages& messages_;
  std::vector<Bucket> state_;
  std::vector<Source> sources_;  // the nodes of all ranks, in order
  std::size_t longest_ = 0;      // own segment, floats
  std::vector<Buffer<float>>
      arrivals_;  // a bucket in the window: the other ranks' node sums of the own segment
  Buffer<float> sums_;
};

class DirectAllgather final : public Allgather {
 public:
  DirectAllgather(const ExchangePlan& plan, Messages& messages)
      : Allgather(plan.buckets().size()),
        plan_(plan),
        messages_(messages),
        requests_(plan.buckets().size()) {}

 private:
  void post(std::size_t bucket) override {
    const std::size_t world_size = plan_.sizes().world_size;
    const Segment own = plan_.owned(bucket, messages_.rank());
    for (std::size_t distance = 1; distance < world_size; ++distance) {
      const std::size_t from = (messages_.rank() + world_size - distance) % world_size;
      const Segment theirs = plan_.owned(bucket, from);
      messages_.receive(Messages::Phase::Gather, bucket, 0, values_ + theirs.begin,
                        theirs.end - theirs.begin, from, requests_[bucket]);
    }
    for (std::size_t distance = 1; distance < world_size; ++distance) {
      messages_.send(Messages::Phase::Gather, bucket, 0, values_ + own.begin, own.end - own.begin,
                     (messages_.rank() + distance) % world_size, requests_[bucket]);
    }
  }

  Progress advance(std::size_t bucket) override {
    return messages_.done(requests_[bucket]) ? Progress::Finished : Progress::None;
  }

  const ExchangePlan& plan_;
  Messages& messages_;
  std::vector<Requests> requests_;
};

}  // namespace

std::unique_ptr<ReduceScatter> make_direct_reduce(const ExchangePlan& plan, LaneSums& lanes,
                                                  Messages& messages) {
  return std::make_unique<DirectReduce>(plan, lanes, messages);
}

std::unique_ptr<Allgather> make_direct_allgather(const ExchangePlan& plan, Messages& messages) {
  return std::make_unique<DirectAllgather>(plan, messages);
}

}  // namespace lockstep::dist
