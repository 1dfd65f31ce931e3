/// Recursive halving along the tree over lanes, for a power of two of workers with one node each:
/// round k pairs the workers whose nodes are siblings k levels up, so the sums are the tree's.
/// Afterwards recursive doubling brings the results back.

#include <bit>
#include <chrono>

#include "core/buffer.hpp"
#include "dist/mpi_transport.hpp"

namespace lockstep::dist {
namespace {

using Clock = std::chrono::steady_clock;

/// What the two have in common: who shares what in which round.
class Halves {
 public:
  Halves(const ExchangePlan& plan, std::size_t rank)
      : plan_(plan),
        works_(rank >= plan.first_worker()),
        worker_(works_ ? rank - plan.first_worker() : 0) {}

  bool works() const noexcept { return works_; }  ///< false on a dedicated driver
  std::size_t rounds() const noexcept { return plan_.rounds(); }
  std::size_t partner(std::size_t round) const {
    return (worker_ ^ std::size_t{1} << round) + plan_.first_worker();
  }
  /// The half of round `round` that this worker keeps, and the one that its partner keeps.
  Segment kept(std::size_t bucket, std::size_t round) const {
    return plan_.halved(bucket, worker_, round + 1);
  }
  Segment given(std::size_t bucket, std::size_t round) const {
    return plan_.halved(bucket, worker_ ^ std::size_t{1} << round, round + 1);
  }

 private:
  const ExchangePlan& plan_;
  bool works_;
  std::size_t worker_;
};

class HalvingReduce final : public ReduceScatter {
 public:
  HalvingReduce(const ExchangePlan& plan, LaneSums& lanes, Messages& messages)
      : ReduceScatter(plan.buckets().size()),
        halves_(plan, messages.rank()),
        lanes_(lanes),
        messages_(messages),
        state_(plan.buckets().size()) {
    for (Bucket& state : state_) state.receives.resize(halves_.rounds());
    if (!halves_.works() || state_.empty()) {
      idle_sums_ = Buffer<float>(plan.sizes().floats);
      return;
    }
    const std::size_t largest =
        plan.buckets()[0].end - plan.buckets()[0].begin + halves_.rounds() * kSegmentFloats;
    for (std::size_t i = 0; i < std::min(kWindow, state_.size()); ++i)
      arrivals_.emplace_back(largest);
  }

  void start(std::size_t bucket) override {
    state_[bucket].started = true;
    send(bucket, 0);
  }

  float* sums() override { return halves_.works() ? lanes_.node(0) : idle_sums_.data(); }

 private:
  struct Bucket {
    std::vector<Requests> receives;  // a round
    Requests sends;
    bool started = false;
    std::size_t round = 0;
  };

  void post(std::size_t bucket) override {
    if (!halves_.works()) return;
    float* arrival = arrivals_[bucket % kWindow].data();
    for (std::size_t round = 0; round < halves_.rounds(); ++round) {
      const Segment kept = halves_.kept(bucket, round);
      messages_.receive(Messages::Phase::Reduce, bucket, round, arrival, kept.end - kept.begin,
                        halves_.partner(round), state_[bucket].receives[round]);
      arrival += kept.end - kept.begin;
    }
  }

  void send(std::size_t bucket, std::size_t round) {
    if (!halves_.works() || round == halves_.rounds()) return;
    const Segment given = halves_.given(bucket, round);
    messages_.send(Messages::Phase::Reduce, bucket, round, lanes_.node(0) + given.begin,
                   given.end - given.begin, halves_.partner(round), state_[bucket].sends);
  }

  Progress advance(std::size_t bucket) override {
    if (!halves_.works()) return Progress::Finished;
    Bucket& state = state_[bucket];
    Progress progress = Progress::None;
    while (state.started && state.round < halves_.rounds() &&
           messages_.done(state.receives[state.round])) {
      add(bucket, state.round);
      send(bucket, ++state.round);
      progress = Progress::Moved;
    }
    if (!state.started || state.round < halves_.rounds() || !messages_.done(state.sends))
      return progress;
    state.started = false;  // ready for the next step
    state.round = 0;
    return Progress::Finished;
  }

  void add(std::size_t bucket, std::size_t round) {
    const auto start = Clock::now();
    const float* arrival = arrivals_[bucket % kWindow].data();
    for (std::size_t earlier = 0; earlier < round; ++earlier) {
      const Segment kept = halves_.kept(bucket, earlier);
      arrival += kept.end - kept.begin;
    }
    const Segment kept = halves_.kept(bucket, round);
    // The partner's node may be the left sibling; a + b and b + a have the same bits.
    add_to(lanes_.node(0) + kept.begin, arrival, kept.end - kept.begin);
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
  }

  Halves halves_;
  LaneSums& lanes_;
  Messages& messages_;
  std::vector<Bucket> state_;
  std::vector<Buffer<float>> arrivals_;  // a bucket in the window: what arrives in each round
  Buffer<float> idle_sums_;              // of a rank without lanes; never holds anything
};

class DoublingAllgather final : public Allgather {
 public:
  DoublingAllgather(const ExchangePlan& plan, Messages& messages)
      : Allgather(plan.buckets().size()),
        plan_(plan),
        halves_(plan, messages.rank()),
        messages_(messages),
        state_(plan.buckets().size()) {
    for (Bucket& state : state_) state.receives.resize(halves_.rounds());
  }

 private:
  struct Bucket {
    std::vector<Requests> receives;  // a round; on a dedicated driver all in the first
    Requests sends;
    std::size_t left = 0;  // rounds; they run backwards
  };

  void post(std::size_t bucket) override {
    Bucket& state = state_[bucket];
    if (!halves_.works()) {
      for (std::size_t rank = plan_.first_worker(); rank < plan_.sizes().world_size; ++rank) {
        const Segment theirs = plan_.owned(bucket, rank);
        messages_.receive(Messages::Phase::Gather, bucket, 0, values_ + theirs.begin,
                          theirs.end - theirs.begin, rank, state.sends);
      }
      return;
    }
    for (std::size_t round = 0; round < halves_.rounds(); ++round) {
      const Segment given = halves_.given(bucket, round);
      messages_.receive(Messages::Phase::Gather, bucket, round, values_ + given.begin,
                        given.end - given.begin, halves_.partner(round), state.receives[round]);
    }
    if (plan_.first_worker() == 1) {  // the driver
      const Segment own = plan_.owned(bucket, messages_.rank());
      messages_.send(Messages::Phase::Gather, bucket, 0, values_ + own.begin, own.end - own.begin,
                     0, state.sends);
    }
    state.left = halves_.rounds();
    send(bucket);
  }

  void send(std::size_t bucket) {
    Bucket& state = state_[bucket];
    if (state.left == 0) return;
    const std::size_t round = state.left - 1;
    const Segment have = halves_.kept(bucket, round);
    messages_.send(Messages::Phase::Gather, bucket, round, values_ + have.begin,
                   have.end - have.begin, halves_.partner(round), state.sends);
  }

  Progress advance(std::size_t bucket) override {
    Bucket& state = state_[bucket];
    Progress progress = Progress::None;
    while (state.left > 0 && messages_.done(state.receives[state.left - 1])) {
      --state.left;
      send(bucket);
      progress = Progress::Moved;
    }
    return state.left == 0 && messages_.done(state.sends) ? Progress::Finished : progress;
  }

  const ExchangePlan& plan_;
  Halves halves_;
  Messages& messages_;
  std::vector<Bucket> state_;
};

}  // namespace

std::unique_ptr<ReduceScatter> make_halving_reduce(const ExchangePlan& plan, LaneSums& lanes,
                                                   Messages& messages) {
  return std::make_unique<HalvingReduce>(plan, lanes, messages);
}

std::unique_ptr<Allgather> make_doubling_allgather(const ExchangePlan& plan, Messages& messages) {
  return std::make_unique<DoublingAllgather>(plan, messages);
}

}  // namespace lockstep::dist
