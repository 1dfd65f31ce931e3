#include "ml/network/lane_rows.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "data/features/vectors/augmentation.hpp"
#include "data/storage/mapped_pages.hpp"

namespace lockstep::ml {
namespace {

// Streams of the batches' order, apart from those of the lanes.
constexpr std::uint64_t kWholeEpoch = (1 << 24) - 1;

}  // namespace

std::uint64_t StepPlan::lane_rows(std::size_t lane) const {
  const std::size_t each = partitions / lanes;
  return data::partition_begin(rows, partitions, (lane + 1) * each) -
         data::partition_begin(rows, partitions, lane * each);
}

std::uint64_t StepPlan::batches_per_epoch() const {
  std::uint64_t most = 0;
  for (std::size_t lane = 0; lane < lanes; ++lane) most = std::max(most, lane_rows(lane));
  return (most + lane_size - 1) / lane_size;
}

std::uint64_t StepPlan::steps_per_epoch() const {
  return (batches_per_epoch() + accumulate - 1) / accumulate;
}

LaneRows::LaneRows(const data::Dataset& dataset, const StepPlan& plan, std::size_t lane,
                   std::uint64_t seed, Options options)
    : dataset_(dataset),
      lane_(lane),
      lane_size_(plan.lane_size),
      seed_(seed),
      options_(std::move(options)),
      order_(Random(seed, Purpose::Shuffle), plan.lane_rows(lane)) {
  const std::size_t each = plan.partitions / plan.lanes;
  first_partition_ = lane * each - dataset.block.begin;
  begins_.push_back(0);
  for (std::size_t p = 0; p < each; ++p)
    begins_.push_back(begins_.back() + dataset.own.at(first_partition_ + p).rows());
  expects(begins_.back() == plan.lane_rows(lane), "a lane holds the rows its plan says");
}

void LaneRows::start_epoch(std::uint64_t epoch) {
  epoch_ = epoch;
  order_ = Permutation(Random(seed_, Purpose::Shuffle, stream_of(epoch, lane_)), begins_.back());
  if (!options_.length_col.empty()) order_by_length();
}

LaneRows::Place LaneRows::place_of(std::uint64_t row) const {
  const auto next = std::upper_bound(begins_.begin(), begins_.end(), row);
  return {dataset_.own[first_partition_ + static_cast<std::size_t>(next - begins_.begin()) - 1],
          static_cast<std::size_t>(row - *(next - 1))};
}

// Where the last number of a row that is not 0 stands.
std::uint32_t LaneRows::length_of(std::uint64_t row) const {
  const Place place = place_of(row);
  std::size_t length = 0;
  data::for_each_entry(place.partition.column(options_.length_col), place.row,
                       [&](std::size_t j, double value) { length = value != 0 ? j + 1 : length; });
  return static_cast<std::uint32_t>(length);
}

// Windows of some batches of the shuffled rows are sorted by length; the batches of a window then
// come in an order that is the same in all lanes, so that the lanes of a step have like lengths. A
// short batch stays at the end.
void LaneRows::order_by_length() {
  constexpr std::uint64_t kWindow = 32;  // batches
  const std::uint64_t rows = begins_.back(), window = kWindow * lane_size_;
  std::vector<std::uint32_t> sorted(rows);
  for (std::uint64_t i = 0; i < rows; ++i)
    sorted[i] = static_cast<std::uint32_t>(options_.shuffle ? order_(i) : i);
  for (std::uint64_t i = lengths_.size(); i < rows; ++i) lengths_.push_back(length_of(i));  // once
  by_length_.resize(rows);
  for (std::uint64_t begin = 0; begin < rows; begin += window) {
    const std::uint64_t end = std::min(begin + window, rows);
    const auto at = [&](auto& list, std::uint64_t i) {
      return list.begin() + static_cast<std::ptrdiff_t>(i);
    };
    std::stable_sort(at(sorted, begin), at(sorted, end),
                     [&](std::uint32_t a, std::uint32_t b) { return lengths_[a] < lengths_[b]; });
    const std::uint64_t whole = (end - begin) / lane_size_;
    const Permutation batches(
        Random(seed_, Purpose::Shuffle, stream_of(epoch_, kWholeEpoch - begin / window)), whole);
    for (std::uint64_t b = 0; b < whole; ++b) {
      std::copy_n(at(sorted, begin + b * lane_size_), lane_size_,
                  at(by_length_, begin + (options_.shuffle ? batches(b) : b) * lane_size_));
    }
    std::copy(at(sorted, begin + whole * lane_size_), at(sorted, end),
              at(by_length_, begin + whole * lane_size_));
  }
}

std::size_t LaneRows::rows_of_batch(std::uint64_t batch) const {
  const std::uint64_t begin = std::min(batch * lane_size_, begins_.back());
  return static_cast<std::size_t>(std::min<std::uint64_t>(begin + lane_size_, begins_.back()) -
                                  begin);
}

void LaneRows::gather(std::uint64_t batch, const LaneColumns& columns, const Into& into,
                      data::MappedPages* pages) const {
  const std::size_t rows = rows_of_batch(batch);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::uint64_t position = batch * lane_size_ + i;
    const std::uint64_t row = !by_length_.empty() ? by_length_[position]
                              : options_.shuffle  ? order_(position)
                                                  : position;
    const Place place = place_of(row);
    const auto& partition = place.partition;
    const std::size_t at = place.row;
    into.row_ids[i] = partition.row_ids[at];
    const auto part = [&](std::span<float> out) {
      return out.subspan(i * (out.size() / rows), out.size() / rows);
    };
    if (!columns.input.empty())
      data::copy_row(partition.column(columns.input), at, part(into.input).data());
    if (!columns.target.empty())
      options_.scale.read(partition.column(columns.target), at, part(into.target));
    if (!columns.weight.empty())
      data::copy_row(partition.column(columns.weight), at, part(into.weights).data());
    if (pages != nullptr) pages->check();
    if (options_.augmentation != nullptr && !columns.input.empty()) {
      const std::size_t width = into.input.size() / rows;
      options_.augmentation->apply(seed_, epoch_, into.row_ids[i],
                                   into.input.subspan(i * width, width));
    }
  }
}

dist::Range rank_lanes(std::size_t lanes, int rank, int world_size, std::size_t threads,
                       bool dedicated_driver) {
  const bool dedicated = dedicated_driver && world_size > 1;
  if (dedicated && rank == 0) return {0, 0};
  const auto worker = static_cast<std::size_t>(rank - (dedicated ? 1 : 0));
  const auto cores = static_cast<std::size_t>(world_size - (dedicated ? 1 : 0)) * threads;
  return {dist::block_of(lanes, worker * threads, cores).begin,
          dist::block_of(lanes, worker * threads + threads - 1, cores).end};
}

std::vector<dist::Range> partition_blocks(const StepPlan& plan, int world_size, std::size_t threads,
                                          bool dedicated_driver) {
  const std::size_t each = plan.partitions / plan.lanes;
  std::vector<dist::Range> blocks;
  for (int rank = 0; rank < world_size; ++rank) {
    const auto lanes = rank_lanes(plan.lanes, rank, world_size, threads, dedicated_driver);
    blocks.push_back({lanes.begin * each, lanes.end * each});
  }
  return blocks;
}

}  // namespace lockstep::ml
