#pragma once
/// Which rows a lane takes in which step. Local; a function of the partition sizes, the seed and
/// the epoch alone.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "data/dataset.hpp"
#include "dist/tree.hpp"
#include "ml/network/target_scale.hpp"

namespace lockstep::data {
class Augmentation;
class MappedPages;
}  // namespace lockstep::data

namespace lockstep::ml {

/// How an epoch is cut into steps and lanes.
struct StepPlan {
  std::uint64_t rows = 0;      ///< training rows
  std::size_t partitions = 0;  ///< K
  std::size_t lanes = 0;       ///< L; K is a multiple of it
  std::size_t lane_size = 0;   ///< S
  std::size_t accumulate = 1;  ///< batches a step

  std::uint64_t lane_rows(std::size_t lane) const;  ///< rows of the lane's K/L partitions
  std::uint64_t batches_per_epoch() const;          ///< ceil(rows of the fullest lane / S)
  std::uint64_t steps_per_epoch()
      const;  ///< batches in groups of `accumulate`, the last one shorter
};

/// Which columns lanes are made of; empty: none.
struct LaneColumns {
  std::string input;
  std::string target;  ///< number column, or the vector of a regression
  std::string weight = {};
};

/// One lane's rows in this rank's partitions, and their order in an epoch.
class LaneRows {
 public:
  struct Options {
    bool shuffle = true;
    /// What changes the images of the input column, or null; it must outlive the LaneRows.
    const data::Augmentation* augmentation = nullptr;
    /// A vector column: rows of like length (up to the last number that is not 0) share a batch.
    /// Empty: any rows do.
    std::string length_col;
    TargetScale scale = {};  ///< of the target
  };

  /// `dataset` must own the lane's partitions.
  LaneRows(const data::Dataset& dataset, const StepPlan& plan, std::size_t lane, std::uint64_t seed,
           Options options);

  std::size_t lane() const noexcept { return lane_; }

  /// The order of `epoch`, from now on. Without length_col no list is made.
  void start_epoch(std::uint64_t epoch);

  /// Rows of batch `batch` of the epoch: lane_size, or fewer (or none) at the end.
  std::size_t rows_of_batch(std::uint64_t batch) const;

  /// Copies their columns as floats, `rows` x width each. The input is augmented, the target is
  /// scaled, even if they are one column. `pages` watches over the dataset's mapped pages, or is
  /// null.
  struct Into {
    std::span<float> input, target, weights;
    std::span<std::uint64_t> row_ids;
  };
  void gather(std::uint64_t batch, const LaneColumns& columns, const Into& into,
              data::MappedPages* pages = nullptr) const;

 private:
  /// A row of the lane, in its partition.
  struct Place {
    const data::Partition& partition;
    std::size_t row;
  };
  Place place_of(std::uint64_t row) const;
  std::uint32_t length_of(std::uint64_t row) const;
  void order_by_length();

  const data::Dataset& dataset_;
  std::size_t lane_, lane_size_, first_partition_;
  std::vector<std::uint64_t> begins_;  // of the lane's partitions, and the end
  std::uint64_t seed_;
  Options options_;
  std::uint64_t epoch_ = 0;
  Permutation order_;
  std::vector<std::uint32_t> lengths_;    // of the rows, where length_col is set
  std::vector<std::uint32_t> by_length_;  // rows in the order of the epoch, where length_col is set
};

/// The partitions that rank `rank` owns: those of its lanes. `threads` a rank; with a dedicated
/// driver rank 0 owns none.
dist::Range rank_lanes(std::size_t lanes, int rank, int world_size, std::size_t threads,
                       bool dedicated_driver);
std::vector<dist::Range> partition_blocks(const StepPlan& plan, int world_size, std::size_t threads,
                                          bool dedicated_driver);

}  // namespace lockstep::ml
