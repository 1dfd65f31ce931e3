/// The direct exchange: every rank to every owner, on any world size.

#include <algorithm>
#include <chrono>

#include "core/buffer.hpp"
#include "dist/mpi_transport.hpp"

namespace lockstep::dist {
namespace {

using Clock = std::chrono::steady_clock;

class DirectReduce final : public ReduceScatter {
 public:
  DirectReduce(const Transport& transport, LaneSums& lanes)
      : ReduceScatter(transport.plan.buckets().size()),
        plan_(transport.plan),
        lanes_(lanes),
        messages_(transport.messages),
        codec_(transport.rows),
        state_(plan_.buckets().size()),
        sums_(plan_.sizes().floats),
        rows_(plan_.sizes().blocks) {
    for (std::size_t rank = 0; rank < plan_.sizes().world_size; ++rank) {
      for (std::size_t i = 0; i < plan_.rank_nodes(rank).size(); ++i) sources_.push_back({rank, i});
    }
    const std::size_t own_nodes = plan_.rank_nodes(messages_.rank()).size();
    foreign_ = sources_.size() - own_nodes;
    bool sparse = false;
    for (std::size_t bucket = 0; bucket < state_.size(); ++bucket) {
      longest_ = std::max(longest_, codec_.longest(owned(bucket)));
      sparse = sparse || codec_.may_be_sparse(owned(bucket));
    }
    longest_ = (longest_ + 15) / 16 * 16;  // each arrival begins at a cache line
    for (std::size_t i = 0; i < std::min(kWindow, state_.size()); ++i)
      arrivals_.emplace_back(foreign_ * longest_);
    if (!sparse) return;
    unpacked_ = Buffer<float>(foreign_ * longest_);
    unpacked_rows_.assign(foreign_, TouchedRows(plan_.sizes().blocks));
  }

  void begin() override {
    rows_.clear(sums_.data());
    ReduceScatter::begin();
  }

  void start(std::size_t bucket) override {
    Bucket& state = state_[bucket];
    state.started = true;
    const std::size_t world_size = plan_.sizes().world_size;
    const std::size_t nodes = plan_.rank_nodes(messages_.rank()).size();
    state.packed.resize(world_size * nodes);
    for (std::size_t distance = 1; distance < world_size;
         ++distance) {  // everyone begins with another owner
      const std::size_t owner = (messages_.rank() + distance) % world_size;
      const Segment segment = plan_.owned(bucket, owner);
      for (std::size_t i = 0; i < nodes; ++i) {
        const auto message = codec_.pack(segment, {lanes_.node(i)}, lanes_.node_rows(i),
                                         state.packed[owner * nodes + i]);
        messages_.send(Messages::Phase::Reduce, bucket, i, message.data(), message.size(), owner,
                       state.sends);
      }
    }
  }

  float* sums() override { return sums_.data(); }
  TouchedRows& rows() override { return rows_; }

 private:
  struct Source {
    std::size_t rank, node;
  };
  struct Bucket {
    std::vector<Arrival> arrivals;  // of the foreign sources, in order
    std::vector<std::vector<float>> packed;
    Requests sends;
    bool started = false, folded = false;
  };

  Segment owned(std::size_t bucket) const { return plan_.owned(bucket, messages_.rank()); }

  void post(std::size_t bucket) override {
    const Segment own = owned(bucket);
    float* memory = arrivals_[bucket % kWindow].data();
    auto& arrivals = state_[bucket].arrivals;
    arrivals.resize(foreign_);
    std::size_t next = 0;
    for (const Source& source : sources_) {
      if (source.rank == messages_.rank()) continue;
      Arrival& arrival = arrivals[next++];
      arrival.range = own;
      arrival.memory = memory;
      arrival.floats = 0;
      messages_.receive(Messages::Phase::Reduce, bucket, source.node, memory, codec_.longest(own),
                        source.rank, arrival.request);
      memory += longest_;
    }
  }

  bool arrived(Bucket& state) {
    bool all = true;
    for (Arrival& arrival : state.arrivals)
      all = messages_.done(arrival.request, arrival.floats) && all;
    return all;
  }

  Progress advance(std::size_t bucket) override {
    Bucket& state = state_[bucket];
    Progress progress = Progress::None;
    if (state.started && !state.folded && arrived(state)) {
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
    if (own.begin != own.end) {
      if (codec_.may_be_sparse(own)) {
        fold_rows(own, state_[bucket].arrivals);
      } else {
        fold_dense(own, state_[bucket].arrivals);
      }
    }
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
  }

  void fold_dense(Segment own, std::vector<Arrival>& arrivals) {
    std::size_t next = 0;
    values_.clear();
    for (const Source& source : sources_) {
      const bool here = source.rank == messages_.rank();
      values_.push_back(here ? lanes_.node(source.node) + own.begin
                             : const_cast<float*>(arrivals[next++].memory));
    }
    fold_into(sums_.data() + own.begin, plan_.fold().additions, values_, own.end - own.begin);
    rows_.touch_all(own.begin, own.end);
    for (std::size_t i = 0; i < plan_.rank_nodes(messages_.rank()).size(); ++i)
      lanes_.node_rows(i).touch_all(own.begin, own.end);
  }

  // Takes the messages apart, and folds what any source has touched.
  void fold_rows(Segment own, std::vector<Arrival>& arrivals) {
    std::vector<TouchedRows*> rows;
    std::size_t next = 0;
    values_.clear();
    for (const Source& source : sources_) {
      if (source.rank == messages_.rank()) {
        values_.push_back(lanes_.node(source.node) + own.begin);
        rows.push_back(&lanes_.node_rows(source.node));
        continue;
      }
      values_.push_back(unpacked_.data() + next * longest_);
      rows.push_back(&unpacked_rows_[next]);
      codec_.unpack(own, arrivals[next++].message(), {values_.back(), own.begin}, *rows.back());
    }
    for (const TouchedRows* touched : rows) rows_.add(*touched, own.begin, own.end);
    // Sums of parts are left in the sources: they have touched all of it too.
    for (TouchedRows* touched : rows) touched->add(rows_, own.begin, own.end);
    std::vector<float*> values(values_.size());
    rows_.for_each(own.begin, own.end, [&](std::size_t begin, std::size_t end, std::size_t) {
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = values_[i] + (begin - own.begin);
      fold_into(sums_.data() + begin, plan_.fold().additions, values, end - begin);
    });
    for (std::size_t i = 0; i < foreign_; ++i)
      unpacked_rows_[i].clear(own.begin, own.end, unpacked_.data() + i * longest_);
  }

  const ExchangePlan& plan_;
  LaneSums& lanes_;
  Messages& messages_;
  RowMessages& codec_;
  std::vector<Bucket> state_;
  std::vector<Source> sources_;  // the nodes of all ranks, in order
  std::size_t foreign_ = 0;      // sources on other ranks
  std::size_t longest_ = 0;      // message of an own segment, floats
  std::vector<Buffer<float>>
      arrivals_;            // a bucket in the window: the other ranks' node sums of the own segment
  Buffer<float> unpacked_;  // the same of one bucket, taken apart; zero between buckets
  std::vector<TouchedRows> unpacked_rows_;
  std::vector<float*> values_;  // of the sources, while a bucket is folded
  Buffer<float> sums_;
  TouchedRows rows_;
};

class DirectAllgather final : public Allgather {
 public:
  explicit DirectAllgather(const Transport& transport)
      : Allgather(transport.plan.buckets().size()),
        plan_(transport.plan),
        messages_(transport.messages),
        codec_(transport.rows),
        state_(plan_.buckets().size()),
        arrivals_(std::min(kWindow, state_.size())) {}

 private:
  struct Bucket {
    std::vector<Arrival> arrivals;  // messages to be taken apart
    std::vector<float> packed;
    Requests requests;  // of everything else
  };

  void post(std::size_t bucket) override {
    const std::size_t world_size = plan_.sizes().world_size;
    const Segment own = plan_.owned(bucket, messages_.rank());
    Bucket& state = state_[bucket];
    state.arrivals.clear();
    reserve(bucket);
    float* memory = arrivals_[bucket % kWindow].data();
    for (std::size_t distance = 1; distance < world_size; ++distance) {
      const std::size_t from = (messages_.rank() + world_size - distance) % world_size;
      const Segment theirs = plan_.owned(bucket, from);
      if (theirs.begin == theirs.end) continue;
      if (codec_.direct(theirs, memory_)) {
        messages_.receive(Messages::Phase::Gather, bucket, 0, memory_.values + theirs.begin,
                          theirs.end - theirs.begin, from, state.requests);
        continue;
      }
      state.arrivals.push_back({theirs, memory, {}, 0});
      const std::size_t longest = codec_.longest(theirs);
      messages_.receive(Messages::Phase::Gather, bucket, 0, memory, longest, from,
                        state.arrivals.back().request);
      memory += longest;
    }
    if (own.begin == own.end) return;
    const auto message = codec_.pack(own, memory_, *rows_, state.packed);
    for (std::size_t distance = 1; distance < world_size; ++distance) {
      messages_.send(Messages::Phase::Gather, bucket, 0, message.data(), message.size(),
                     (messages_.rank() + distance) % world_size, state.requests);
    }
  }

  // Room for the messages that have to be taken apart.
  void reserve(std::size_t bucket) {
    std::size_t floats = 0;
    for (std::size_t rank = 0; rank < plan_.sizes().world_size; ++rank) {
      const Segment theirs = plan_.owned(bucket, rank);
      if (rank != messages_.rank() && !codec_.direct(theirs, memory_))
        floats += codec_.longest(theirs);
    }
    Buffer<float>& room = arrivals_[bucket % kWindow];
    if (room.size() < floats) room = Buffer<float>(floats);
  }

  Progress advance(std::size_t bucket) override {
    Bucket& state = state_[bucket];
    Progress progress = Progress::None;
    while (!state.arrivals.empty()) {
      Arrival& last = state.arrivals.back();
      if (!messages_.done(last.request, last.floats)) return progress;
      codec_.unpack(last.range, last.message(), memory_, *rows_);
      state.arrivals.pop_back();
      progress = Progress::Moved;
    }
    return messages_.done(state.requests) ? Progress::Finished : progress;
  }

  const ExchangePlan& plan_;
  Messages& messages_;
  RowMessages& codec_;
  std::vector<Bucket> state_;
  std::vector<Buffer<float>> arrivals_;  // a bucket in the window
};

}  // namespace

std::unique_ptr<ReduceScatter> make_direct_reduce(const Transport& transport, LaneSums& lanes) {
  return std::make_unique<DirectReduce>(transport, lanes);
}

std::unique_ptr<Allgather> make_direct_allgather(const Transport& transport) {
  return std::make_unique<DirectAllgather>(transport);
}

}  // namespace lockstep::dist
