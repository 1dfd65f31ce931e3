#include "data/row_plan.hpp"

#include <fmt/core.h>

#include <cmath>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

constexpr std::uint64_t kMostProduct = std::uint64_t{1}
                                       << 63;  // of rows and partitions: no overflow below

std::vector<int> owners_of(const LoadOptions& options) {
  std::vector<int> owners(options.partitions, -1);
  for (std::size_t rank = 0; rank < options.blocks.size(); ++rank) {
    const dist::Range block = options.blocks[rank];
    expects(block.begin <= block.end && block.end <= owners.size(),
            "blocks lie within the partitions");
    for (std::size_t p = block.begin; p < block.end; ++p) {
      expects(owners[p] == -1, "a partition has one owner");
      owners[p] = static_cast<int>(rank);
    }
  }
  for (const int owner : owners) expects(owner >= 0, "every partition has an owner");
  return owners;
}

}  // namespace

RowPlan::RowPlan(std::uint64_t rows, const LoadOptions& options)
    : permutation_(Random(options.seed, Purpose::Partition), rows), owners_(owners_of(options)) {
  expects(rows >= 1 && !owners_.empty(), "there are rows and partitions");
  expects(rows < kMostProduct / owners_.size(), "rows * partitions < 2^63");
  const double fraction = options.validation_fraction;
  expects(fraction >= 0 && fraction < 1, "0 <= validation_fraction < 1");
  validation_ = static_cast<std::uint64_t>(std::round(fraction * static_cast<double>(rows)));
  if (validation_ >= rows) {
    throw DataError(fmt::format("no training rows are left: {} of {} rows are for validation",
                                validation_, rows),
                    {.field = "data.validation_fraction"},
                    "use a smaller validation_fraction or more rows");
  }
}

std::uint64_t RowPlan::partition_rows(Part part, std::size_t partition) const {
  const std::uint64_t m = rows(part);
  return partition_begin(m, partitions(), partition + 1) -
         partition_begin(m, partitions(), partition);
}

Place RowPlan::place(std::uint64_t position) const noexcept {
  Place place;
  place.part = position < validation_ ? Part::Validation : Part::Training;
  const std::uint64_t q = place.part == Part::Validation ? position : position - validation_;
  const std::uint64_t m = rows(place.part);
  place.partition =
      static_cast<std::size_t>(q * partitions() / m);  // ceil(p m / K) <= q  <=>  p <= q K / m
  place.slot = q - partition_begin(m, partitions(), place.partition);
  return place;
}

std::uint64_t RowPlan::row_at(Part part, std::size_t partition, std::uint64_t slot) const noexcept {
  const std::uint64_t q = partition_begin(rows(part), partitions(), partition) + slot;
  return permutation_.inverse(part == Part::Validation ? q : q + validation_);
}

Dataset make_dataset(const std::string& name, const RowPlan& plan, Part part, dist::Range block) {
  Dataset dataset;
  dataset.name = name;
  dataset.rows = plan.rows(part);
  dataset.partitions = plan.partitions();
  dataset.block = block;
  dataset.own.resize(block.end - block.begin);
  for (std::size_t i = 0; i < dataset.own.size(); ++i) dataset.own[i].index = block.begin + i;
  return dataset;
}

std::vector<std::uint64_t> row_ids(const RowPlan& plan, Part part, std::size_t partition) {
  std::vector<std::uint64_t> ids(static_cast<std::size_t>(plan.partition_rows(part, partition)));
  for (std::size_t slot = 0; slot < ids.size(); ++slot)
    ids[slot] = plan.row_at(part, partition, slot);
  return ids;
}

}  // namespace lockstep::data
