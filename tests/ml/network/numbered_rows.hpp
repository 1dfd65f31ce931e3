#pragma once
/// Rows that a test can tell apart: row id i has the columns "x" = [i, -i] and "y" = i + 0.5.

#include <vector>

#include "data/dataset.hpp"
#include "ml/network/lane_rows.hpp"

namespace lockstep::ml {

inline StepPlan plan_of(std::uint64_t rows, std::size_t lanes, std::size_t partitions_a_lane,
                        std::size_t lane_size) {
  return {rows, lanes * partitions_a_lane, lanes, lane_size, 1};
}

/// The partitions `block` of the plan's rows; their row ids are not in order.
inline data::Dataset dataset_of(const StepPlan& plan, dist::Range block) {
  data::Dataset dataset;
  dataset.rows = plan.rows;
  dataset.partitions = plan.partitions;
  dataset.block = block;
  for (std::size_t p = block.begin; p < block.end; ++p) {
    data::Partition partition;
    partition.index = p;
    std::vector<std::uint64_t> ids;
    std::vector<double> x, y;
    for (auto at = data::partition_begin(plan.rows, plan.partitions, p);
         at < data::partition_begin(plan.rows, plan.partitions, p + 1); ++at) {
      const std::uint64_t id = plan.rows - 1 - at;
      ids.push_back(id);
      x.insert(x.end(), {static_cast<double>(id), -static_cast<double>(id)});
      y.push_back(static_cast<double>(id) + 0.5);
    }
    partition.row_ids = ids;
    partition.set("x", data::DenseVectors{2, x});
    partition.set("y", data::Numbers{y});
    dataset.own.push_back(partition);
  }
  return dataset;
}

}  // namespace lockstep::ml
