/// Recursive halving along the tree over lanes, for a power of two of workers with one node each:
/// round k pairs the workers whose nodes are siblings k levels up, so the sums are the tree's.
/// Afterwards recursive doubling brings the results back.

#include <algorithm>
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
  HalvingReduce(const Transport& transport, LaneSums& lanes)
      : ReduceScatter(transport.plan.buckets().size()),
        halves_(transport.plan, transport.messages.rank()),
        lanes_(lanes),
        messages_(transport.messages),
        codec_(transport.rows),
        state_(transport.plan.buckets().size()) {
    const auto& sizes = transport.plan.sizes();
    if (!halves_.works() || state_.empty()) {
      idle_sums_ = Buffer<float>(sizes.floats);
      idle_rows_ = TouchedRows(sizes.blocks);
      return;
    }
    std::size_t room = 0, longest = 0;  // of the messages of a bucket
    for (std::size_t bucket = 0; bucket < state_.size(); ++bucket) {
      state_[bucket].arrivals.resize(halves_.rounds());
      state_[bucket].packed.resize(halves_.rounds());
      std::size_t floats = 0;
      for (std::size_t round = 0; round < halves_.rounds(); ++round)
        floats += codec_.longest(halves_.kept(bucket, round));
      room = std::max(room, floats);
      if (codec_.may_be_sparse(transport.plan.buckets()[bucket]))
        longest = std::max(longest, codec_.longest(halves_.kept(bucket, 0)));
    }
    for (std::size_t i = 0; i < std::min(kWindow, state_.size()); ++i) arrivals_.emplace_back(room);
    unpacked_ = Buffer<float>(longest);
    unpacked_rows_ = TouchedRows(sizes.blocks);
  }

  void begin() override {
    if (!halves_.works()) idle_rows_.clear(idle_sums_.data());
    ReduceScatter::begin();
  }

  void start(std::size_t bucket) override {
    state_[bucket].started = true;
    send(bucket, 0);
  }

  float* sums() override { return halves_.works() ? lanes_.node(0) : idle_sums_.data(); }
  TouchedRows& rows() override { return halves_.works() ? lanes_.node_rows(0) : idle_rows_; }

 private:
  struct Bucket {
    std::vector<Arrival> arrivals;           // a round
    std::vector<std::vector<float>> packed;  // likewise
    Requests sends;
    bool started = false;
    std::size_t round = 0;
  };

  void post(std::size_t bucket) override {
    if (!halves_.works()) return;
    float* memory = arrivals_[bucket % kWindow].data();
    Bucket& state = state_[bucket];
    for (std::size_t round = 0; round < halves_.rounds(); ++round) {
      Arrival& arrival = state.arrivals[round];
      arrival.range = halves_.kept(bucket, round);
      arrival.memory = memory;
      arrival.floats = 0;
      if (arrival.range.begin == arrival.range.end) continue;
      const std::size_t longest = codec_.longest(arrival.range);
      messages_.receive(Messages::Phase::Reduce, bucket, round, memory, longest,
                        halves_.partner(round), arrival.request);
      memory += longest;
    }
  }

  void send(std::size_t bucket, std::size_t round) {
    if (!halves_.works() || round == halves_.rounds()) return;
    const Segment given = halves_.given(bucket, round);
    if (given.begin == given.end) return;
    Bucket& state = state_[bucket];
    const auto message =
        codec_.pack(given, {lanes_.node(0)}, lanes_.node_rows(0), state.packed[round]);
    messages_.send(Messages::Phase::Reduce, bucket, round, message.data(), message.size(),
                   halves_.partner(round), state.sends);
  }

  Progress advance(std::size_t bucket) override {
    if (!halves_.works()) return Progress::Finished;
    Bucket& state = state_[bucket];
    Progress progress = Progress::None;
    while (state.started && state.round < halves_.rounds() && arrived(state)) {
      add(state.arrivals[state.round]);
      send(bucket, ++state.round);
      progress = Progress::Moved;
    }
    if (!state.started || state.round < halves_.rounds() || !messages_.done(state.sends))
      return progress;
    state.started = false;  // ready for the next step
    state.round = 0;
    return Progress::Finished;
  }

  bool arrived(Bucket& state) {
    Arrival& arrival = state.arrivals[state.round];
    return messages_.done(arrival.request, arrival.floats);
  }

  // The partner's node may be the left sibling; a + b and b + a have the same bits.
  void add(const Arrival& arrival) {
    const auto start = Clock::now();
    const Segment range = arrival.range;
    if (range.begin == range.end) return;
    float* sums = lanes_.node(0);
    TouchedRows& rows = lanes_.node_rows(0);
    if (codec_.dense(range, arrival.floats)) {
      rows.touch_all(range.begin, range.end);
      add_to(sums + range.begin, arrival.memory, range.end - range.begin);
    } else {
      codec_.unpack(range, arrival.message(), {unpacked_.data(), range.begin}, unpacked_rows_);
      rows.add(unpacked_rows_, range.begin, range.end);
      rows.for_each(range.begin, range.end, [&](std::size_t begin, std::size_t end, std::size_t) {
        add_to(sums + begin, unpacked_.data() + (begin - range.begin), end - begin);
      });
      unpacked_rows_.clear(range.begin, range.end, unpacked_.data());
    }
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
  }

  Halves halves_;
  LaneSums& lanes_;
  Messages& messages_;
  RowMessages& codec_;
  std::vector<Bucket> state_;
  std::vector<Buffer<float>> arrivals_;  // a bucket in the window: what arrives in each round
  Buffer<float> unpacked_;               // a message, taken apart; zero between messages
  TouchedRows unpacked_rows_;
  Buffer<float> idle_sums_;  // of a rank without lanes; never holds anything but gathered rows
  TouchedRows idle_rows_;
};

class DoublingAllgather final : public Allgather {
 public:
  explicit DoublingAllgather(const Transport& transport)
      : Allgather(transport.plan.buckets().size()),
        plan_(transport.plan),
        halves_(transport.plan, transport.messages.rank()),
        messages_(transport.messages),
        codec_(transport.rows),
        state_(plan_.buckets().size()),
        arrivals_(std::min(kWindow, state_.size())) {}

 private:
  struct Bucket {
    std::vector<Arrival> arrivals;  // a round, which run backwards; on a dedicated driver a worker
    std::vector<std::vector<float>> packed;  // a round, and one for the driver
    Requests sends;
    std::size_t left = 0;  // arrivals
  };

  void post(std::size_t bucket) override {
    Bucket& state = state_[bucket];
    const std::size_t count = halves_.works() ? halves_.rounds() : plan_.workers();
    state.arrivals.resize(count);
    state.packed.resize(count + 1);
    state.left = count;
    std::size_t room = 0;
    for (std::size_t i = 0; i < count; ++i) {
      state.arrivals[i].range = halves_.works() ? halves_.given(bucket, i)
                                                : plan_.owned(bucket, plan_.first_worker() + i);
      if (!codec_.direct(state.arrivals[i].range, memory_))
        room += codec_.longest(state.arrivals[i].range);
    }
    Buffer<float>& arrivals = arrivals_[bucket % kWindow];
    if (arrivals.size() < room) arrivals = Buffer<float>(room);
    receive(bucket, arrivals.data());
    if (!halves_.works()) return;
    if (plan_.first_worker() == 1)  // the driver
      send(bucket, plan_.owned(bucket, messages_.rank()), 0, 0, state.packed[count]);
    send(bucket);
  }

  void receive(std::size_t bucket, float* memory) {
    Bucket& state = state_[bucket];
    for (std::size_t i = 0; i < state.arrivals.size(); ++i) {
      Arrival& arrival = state.arrivals[i];
      arrival.memory = nullptr;
      if (arrival.range.begin == arrival.range.end) continue;
      const bool direct = codec_.direct(arrival.range, memory_);
      const std::size_t longest = codec_.longest(arrival.range);
      float* to = direct ? memory_.values + arrival.range.begin : memory;
      messages_.receive(Messages::Phase::Gather, bucket, halves_.works() ? i : 0, to, longest,
                        halves_.works() ? halves_.partner(i) : plan_.first_worker() + i,
                        arrival.request);
      if (direct) continue;
      arrival.memory = memory;
      memory += longest;
    }
  }

  void send(std::size_t bucket) {
    Bucket& state = state_[bucket];
    if (state.left == 0) return;
    const std::size_t round = state.left - 1;
    send(bucket, halves_.kept(bucket, round), round, halves_.partner(round), state.packed[round]);
  }

  void send(std::size_t bucket, Segment range, std::size_t part, std::size_t peer,
            std::vector<float>& packed) {
    if (range.begin == range.end) return;
    const auto message = codec_.pack(range, memory_, *rows_, packed);
    messages_.send(Messages::Phase::Gather, bucket, part, message.data(), message.size(), peer,
                   state_[bucket].sends);
  }

  Progress advance(std::size_t bucket) override {
    Bucket& state = state_[bucket];
    Progress progress = Progress::None;
    while (state.left > 0) {
      Arrival& arrival = state.arrivals[state.left - 1];
      if (!messages_.done(arrival.request, arrival.floats)) return progress;
      if (arrival.memory != nullptr)
        codec_.unpack(arrival.range, arrival.message(), memory_, *rows_);
      --state.left;
      if (halves_.works()) send(bucket);
      progress = Progress::Moved;
    }
    return messages_.done(state.sends) ? Progress::Finished : progress;
  }

  const ExchangePlan& plan_;
  Halves halves_;
  Messages& messages_;
  RowMessages& codec_;
  std::vector<Bucket> state_;
  std::vector<Buffer<float>> arrivals_;  // a bucket in the window: messages to be taken apart
};

}  // namespace

std::unique_ptr<ReduceScatter> make_halving_reduce(const Transport& transport, LaneSums& lanes) {
  return std::make_unique<HalvingReduce>(transport, lanes);
}

std::unique_ptr<Allgather> make_doubling_allgather(const Transport& transport) {
  return std::make_unique<DoublingAllgather>(transport);
}

}  // namespace lockstep::dist
