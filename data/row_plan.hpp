#pragma once
/// Which row goes where: row of the source -> position -> training or validation -> partition ->
/// rank. A pure function of (rows, seed, validation fraction, partitions); only the last step knows
/// the ranks. Local, MPI-free.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/random.hpp"
#include "data/dataset.hpp"

namespace lockstep::data {

enum class Part { Training = 0, Validation = 1 };

/// A row's place among the rows of its part.
struct Place {
  Part part = Part::Training;
  std::size_t partition = 0;
  std::uint64_t slot = 0;  ///< row number within the partition
};

class RowPlan {
 public:
  /// `rows` >= 1 rows in all. Expects blocks that own every partition exactly once.
  /// @throws DataError if no training rows are left
  RowPlan(std::uint64_t rows, const LoadOptions& options);

  std::uint64_t rows() const noexcept { return permutation_.size(); }
  std::uint64_t rows(Part part) const noexcept {
    return part == Part::Validation ? validation_ : rows() - validation_;
  }
  std::size_t partitions() const noexcept { return owners_.size(); }
  std::uint64_t partition_rows(Part part, std::size_t partition) const;

  std::uint64_t position(std::uint64_t row) const noexcept { return permutation_(row); }
  Place place(std::uint64_t position) const noexcept;
  int owner(std::size_t partition) const noexcept { return owners_[partition]; }
  const std::vector<int>& owners() const noexcept { return owners_; }

  /// The row of the source at slot `slot` of a partition.
  std::uint64_t row_at(Part part, std::size_t partition, std::uint64_t slot) const noexcept;

 private:
  Permutation permutation_;
  std::uint64_t validation_ = 0;
  std::vector<int> owners_;  // rank of each partition
};

/// A dataset of `part` with this rank's partitions; they are empty yet.
Dataset make_dataset(const std::string& name, const RowPlan& plan, Part part, dist::Range block);

/// The rows of the source that a partition holds, by slot.
std::vector<std::uint64_t> row_ids(const RowPlan& plan, Part part, std::size_t partition);

}  // namespace lockstep::data
