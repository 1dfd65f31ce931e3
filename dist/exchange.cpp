#include "dist/exchange.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <list>
#include <mutex>
#include <optional>
#include <utility>

#include "core/error.hpp"
#include "dist/bytes.hpp"
#include "dist/mpi_transport.hpp"
#include "dist/shared_flats.hpp"

namespace lockstep::dist {
namespace {

using Clock = std::chrono::steady_clock;

/// Adds the time until its end to `seconds`.
class Timer {
 public:
  explicit Timer(double& seconds) : seconds_(seconds), start_(Clock::now()) {}
  ~Timer() { seconds_ += std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  double& seconds_;
  Clock::time_point start_;
};

std::size_t index(int rank) { return static_cast<std::size_t>(rank); }

/// The ranks must have made the same plan.
void compare_sizes(const Communicator& ranks, const ExchangeSizes& sizes) {
  const std::string own = fmt::format(
      "{} lanes of {} numbers in {} threads, buckets of {} bytes, method {}, {} blocks of rows "
      "sent by way {}, driver {}",
      sizes.lanes, sizes.floats, sizes.threads, sizes.options.bucket_bytes,
      static_cast<int>(sizes.options.method), sizes.blocks.size(),
      static_cast<int>(sizes.options.rows), sizes.dedicated_driver ? "dedicated" : "works");
  const auto all = ranks.allgather(bytes_of(own));
  const auto odd = std::find_if(all.begin(), all.end(),
                                [&](const std::string& other) { return other != all[0]; });
  if (odd == all.end()) return;
  throw AgreedError(
      fmt::format("the ranks disagree on the gradient exchange: rank {} has {}, rank 0 has {}",
                  odd - all.begin(), *odd, all[0]),
      {.field = {}}, "give every rank the same number of threads", ExitCode::Config);
}

struct AddDoubles {
  void operator()(std::vector<double>& left, const std::vector<double>& right) const {
    expects(left.size() == right.size(), "exchange: all lanes bring the same number of scalars");
    for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
  }
};

}  // namespace

struct GradientExchange::Impl {
  Impl(const Communicator& world, const ExchangeSizes& sizes, std::vector<SparseBlock> all_blocks)
      : ranks(world),
        rank(index(world.rank())),
        plan(sizes),
        lanes(plan, rank),
        blocks(std::move(all_blocks)) {
    for (std::size_t bucket = 0; bucket < plan.buckets().size(); ++bucket) {
      segments.push_back(plan.owned(bucket, rank));
      if (sizes.options.method == ExchangeMethod::PlainAllreduce) {  // every rank owns everything
        pieces.push_back({segments.back(), rank});
        continue;
      }
      for (std::size_t owner = 0; owner < sizes.world_size; ++owner)
        pieces.push_back({plan.owned(bucket, owner), owner});
    }
    std::erase_if(pieces, [](const Piece& piece) { return piece.range.begin == piece.range.end; });
    std::sort(pieces.begin(), pieces.end(),
              [](const Piece& a, const Piece& b) { return a.range.begin < b.range.begin; });
    if (sizes.world_size > 1) {
      compare_sizes(world, sizes);
      list_gathered();
      make_transport();
    }
    if (!shared) own_values = Buffer<float>(sizes.floats);
  }

  void list_gathered() {
    std::vector<RowBlock> blocks_of_sums;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (!blocks[i].gather_sums) continue;
      gathered.push_back(i);
      blocks_of_sums.push_back(blocks[i].block);
    }
    gathered_rows = TouchedRows(std::move(blocks_of_sums));
  }

  void make_transport() {
    if (plan.sizes().options.method == ExchangeMethod::Tree && blocks.empty())
      shared = SharedFlats::make(ranks, plan);
    if (shared) {
      for (std::size_t i = 0; i < plan.rank_nodes(rank).size(); ++i)
        lanes.place_node(i, shared->node(rank, i));
      reduce = make_shared_reduce(plan, *shared, rank);
      allgather = make_shared_allgather(plan, *shared, rank);
    } else {
      make_message_transport();
    }
  }

  void make_message_transport() {
    const auto way = plan.sizes().options.rows;
    messages.emplace(ranks.impl());
    sum_codec.emplace(plan.sizes().blocks, way);
    gather_codec.emplace(gathered_rows.blocks(), way);
    const Transport sums{plan, *messages, *sum_codec}, gather{plan, *messages, *gather_codec};
    if (plan.sizes().options.method == ExchangeMethod::PlainAllreduce) {
      reduce = make_plain_reduce(plan, lanes, *messages);  // and nothing to gather
    } else if (plan.halves()) {
      reduce = make_halving_reduce(sums, lanes);
      allgather = make_doubling_allgather(gather);
    } else {
      reduce = make_direct_reduce(sums, lanes);
      allgather = make_direct_allgather(gather);
    }
  }

  /// The buckets in `complete` can be sent. Any thread.
  void hand_over(const std::vector<std::size_t>& complete) {
    const std::lock_guard lock(queue_mutex);
    queue.insert(queue.end(), complete.begin(), complete.end());
  }

  /// Moves messages on. The caller holds transport_mutex.
  bool progress() {
    std::vector<std::size_t> complete;
    {
      const std::lock_guard lock(queue_mutex);
      complete.swap(queue);
    }
    for (const std::size_t bucket : complete) reduce->start(bucket);
    return reduce->poll();
  }

  std::span<float> values() {
    return {shared ? shared->values(rank) : own_values.data(), plan.sizes().floats};
  }

  bool in_flight() const {
    return (reduce && !reduce->finished()) || (allgather && !allgather->finished());
  }

  struct Piece {
    Segment range;
    std::size_t owner;
  };

  const Communicator& ranks;
  std::size_t rank;
  ExchangePlan plan;
  LaneSums lanes;
  std::vector<Segment> segments;  // own, one a bucket
  std::vector<Piece> pieces;      // of all owners, ascending; none is empty
  std::vector<SparseBlock> blocks;
  std::vector<std::size_t> gathered;    // blocks whose sums are gathered ...
  TouchedRows gathered_rows;            // ... and their rows
  std::unique_ptr<SharedFlats> shared;  // null: there are messages
  Buffer<float> own_values;             // empty: the values are shared
  bool sums_in_use = false;             // since reduce(), until allgather()
  std::optional<Messages> messages;
  std::optional<RowMessages> sum_codec, gather_codec;
  std::unique_ptr<ReduceScatter> reduce;
  std::unique_ptr<Allgather> allgather;
  std::mutex transport_mutex;  // MPI is called by one thread at a time
  std::mutex queue_mutex;
  std::vector<std::size_t> queue;  // complete buckets which nobody has sent yet
  double seconds = 0;
};

GradientExchange::GradientExchange(const Communicator& ranks, std::size_t lanes, std::size_t floats,
                                   std::size_t threads, bool dedicated_driver,
                                   const ExchangeOptions& options,
                                   std::vector<SparseBlock> blocks) {
  if (options.method == ExchangeMethod::PlainAllreduce) blocks.clear();
  ExchangeSizes sizes{index(ranks.world_size()), lanes,   floats, threads,
                      dedicated_driver,          options, {}};
  for (const SparseBlock& sparse : blocks) sizes.blocks.push_back(sparse.block);
  impl_ = std::make_unique<Impl>(ranks, sizes, std::move(blocks));
}

GradientExchange::~GradientExchange() {
  if (!impl_->in_flight()) return;
  // An error has ended the step on all ranks, and MPI may still read and write the buffers: they
  // live on to the end.
  static std::list<std::unique_ptr<Impl>> abandoned;
  abandoned.push_back(std::move(impl_));
}

Range GradientExchange::own_lanes() const noexcept { return impl_->plan.rank_lanes(impl_->rank); }
Range GradientExchange::thread_lanes(std::size_t thread) const noexcept {
  return impl_->plan.thread_lanes(impl_->rank, thread);
}
const std::vector<Segment>& GradientExchange::segments() const noexcept { return impl_->segments; }

void GradientExchange::begin() {
  Impl& own = *impl_;
  // Others may still add this rank's sums of the last step, if it went without allgather().
  if (own.shared && std::exchange(own.sums_in_use, false)) own.ranks.barrier();
  own.lanes.begin();
  if (!own.reduce) return;
  const std::lock_guard lock(own.transport_mutex);
  own.reduce->begin();
  for (std::size_t bucket = 0; !own.lanes.has_lanes() && bucket < own.segments.size(); ++bucket)
    own.reduce->start(bucket);
  own.progress();
}

std::span<float> GradientExchange::lane_gradients(std::size_t thread, std::size_t lane) {
  return impl_->lanes.lane(thread, lane);
}

TouchedRows& GradientExchange::lane_rows(std::size_t thread, std::size_t lane) {
  return impl_->lanes.lane_rows(thread, lane);
}

const TouchedRows& GradientExchange::touched() const noexcept {
  return impl_->reduce ? impl_->reduce->rows() : impl_->lanes.node_rows(0);
}

const std::vector<SparseBlock>& GradientExchange::blocks() const noexcept { return impl_->blocks; }

void GradientExchange::ready(std::size_t thread, std::size_t lane, std::size_t count) {
  std::vector<std::size_t> complete;
  impl_->lanes.ready(thread, lane, count, complete);
  if (!impl_->reduce) return;
  if (!complete.empty()) impl_->hand_over(complete);
  // A thread that finds another one at work goes on computing: that one, a later call or reduce()
  // takes the queue.
  const std::unique_lock lock(impl_->transport_mutex, std::try_to_lock);
  if (lock.owns_lock()) impl_->progress();
}

Scalars GradientExchange::scalars(const std::vector<std::vector<double>>& lane_values,
                                  std::uint32_t flags) {
  const Timer timer(impl_->seconds);
  const std::size_t lanes = impl_->plan.sizes().lanes;
  const Range own = own_lanes();
  expects(lane_values.size() == own.end - own.begin, "exchange: scalars of each own lane");
  TreeCounter<std::vector<double>, AddDoubles> own_sums(lanes, own, {});
  for (const auto& values : lane_values) own_sums.push(values);
  std::vector<double> packed{static_cast<double>(flags)};
  for (const auto& values : own_sums.values())
    packed.insert(packed.end(), values.begin(), values.end());
  const auto all = impl_->ranks.allgather(bytes_of(packed));
  TreeCounter<std::vector<double>, AddDoubles> tree(lanes, {0, lanes}, {});
  Scalars result;
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    const std::vector<Range>& nodes = impl_->plan.rank_nodes(rank);
    const std::vector<double> values = values_of<double>(all[rank]);
    result.flags |= static_cast<std::uint32_t>(values.at(0));
    const std::size_t count = nodes.empty() ? 0 : (values.size() - 1) / nodes.size();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const auto first = values.begin() + static_cast<std::ptrdiff_t>(1 + i * count);
      tree.push_node(nodes[i], {first, first + static_cast<std::ptrdiff_t>(count)});
    }
  }
  result.sums = std::move(tree.values()[0]);
  return result;
}

void GradientExchange::reduce() {
  Impl& own = *impl_;
  expects(own.lanes.complete(), "exchange: reduce() comes after all own lanes have ended");
  if (!own.reduce) return;
  const Timer timer(own.seconds);
  Communicator::Impl& ranks = own.ranks.impl();
  const auto bytes = static_cast<std::int64_t>(own.plan.sizes().floats * sizeof(float));
  const Call call = ranks.enter(Operation::Reduce, bytes);
  Waiter waiter(ranks, call);
  const std::lock_guard lock(own.transport_mutex);
  own.reduce->all_started();
  own.sums_in_use = true;
  for (;;) {
    const bool moved = own.progress();
    if (own.reduce->finished()) return;
    if (moved) {
      waiter.moved();
    } else {
      waiter.idle();
    }
  }
}

std::span<float> GradientExchange::gradients() noexcept {
  const std::size_t floats = impl_->plan.sizes().floats;
  if (floats == 0) return {};
  return {impl_->reduce ? impl_->reduce->sums() : impl_->lanes.node(0), floats};
}

double GradientExchange::block_sum(const std::function<double(std::size_t, std::size_t)>& f) {
  const Timer timer(impl_->seconds);
  const std::size_t floats = impl_->plan.sizes().floats;
  if (floats == 0) return 0;
  const auto add = [](double& left, double right) { left += right; };
  const std::size_t blocks = (floats + kSegmentFloats - 1) / kSegmentFloats;
  const auto blocks_of = [](Segment range) {
    return Range{range.begin / kSegmentFloats, (range.end + kSegmentFloats - 1) / kSegmentFloats};
  };
  std::vector<double> own_sums;
  for (const Segment& segment : impl_->segments) {
    if (segment.begin == segment.end) continue;
    TreeCounter<double, decltype(add)> counter(blocks, blocks_of(segment), add);
    for (std::size_t begin = segment.begin; begin < segment.end; begin += kSegmentFloats) {
      counter.push(f(begin, std::min(begin + kSegmentFloats, segment.end)));
    }
    own_sums.insert(own_sums.end(), counter.values().begin(), counter.values().end());
  }
  std::vector<std::vector<double>> sums(
      impl_->plan.sizes().world_size);  // a rank: of its segments' maximal nodes
  sums[impl_->rank] = own_sums;
  if (impl_->allgather) {  // otherwise this rank owns everything
    const auto all = impl_->ranks.allgather(bytes_of(own_sums));
    std::transform(all.begin(), all.end(), sums.begin(), values_of<double>);
  }
  std::vector<std::size_t> next(sums.size(), 0);
  TreeCounter<double, decltype(add)> tree(blocks, {0, blocks}, add);
  for (const Impl::Piece& piece : impl_->pieces) {
    for (const Range& node : maximal_nodes(blocks, blocks_of(piece.range))) {
      tree.push_node(node, sums[piece.owner][next[piece.owner]++]);
    }
  }
  return tree.values()[0];
}

std::span<float> GradientExchange::values() noexcept { return impl_->values(); }

void GradientExchange::allgather() {
  Impl& own = *impl_;
  if (!own.allgather) return;
  const auto values = own.values();
  const Timer timer(own.seconds);
  Communicator::Impl& ranks = own.ranks.impl();
  const Call call =
      ranks.enter(Operation::ExchangeAllgather, static_cast<std::int64_t>(values.size_bytes()));
  Waiter waiter(ranks, call);
  FlatMemory memory{values.data(), 0, nullptr};
  TouchedRows& sums_rows = own.reduce->rows();
  if (!own.gathered.empty()) {
    memory.block_values = own.reduce->sums();
    own.gathered_rows.forget();
    for (std::size_t i = 0; i < own.gathered.size(); ++i)
      own.gathered_rows.add_block(i, sums_rows, own.gathered[i]);
  }
  own.allgather->begin(memory, own.gathered_rows);
  while (!own.allgather->finished()) {
    if (own.allgather->poll()) {
      waiter.moved();
    } else {
      waiter.idle();
    }
  }
  own.sums_in_use = false;
  for (std::size_t i = 0; i < own.gathered.size(); ++i)
    sums_rows.add_block(own.gathered[i], own.gathered_rows, i);
}

double GradientExchange::seconds() const noexcept { return impl_->seconds; }
double GradientExchange::tree_seconds() const noexcept {
  return impl_->lanes.seconds() + (impl_->reduce ? impl_->reduce->seconds() : 0);
}
std::uint64_t GradientExchange::bytes_sent() const noexcept {
  return impl_->messages ? impl_->messages->bytes_sent() : 0;
}

}  // namespace lockstep::dist
