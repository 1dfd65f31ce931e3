#pragma once
/// Targets of a regression in units of their spread: the network learns (target - mean) /
/// deviation, in float; people see, and metrics get, values in the target's own unit, in double.

#include <span>
#include <vector>

#include "core/proto/network.pb.h"
#include "data/table.hpp"

namespace lockstep::ml {

class TargetScale {
 public:
  TargetScale() = default;  ///< targets as they are

  /// Of a network that has learnt the scale of its targets, or not. A mean and a deviation (> 0)
  /// for each number of a target, or one for all.
  explicit TargetScale(const proto::NetworkModel& model);

  bool scales() const noexcept { return !means_.empty(); }

  /// Writes row `row` of a target column as the network learns it.
  void read(const data::Column& column, std::size_t row, std::span<float> target) const;

  /// Number `j` of an output in the target's own unit.
  double value(float output, std::size_t j) const;

 private:
  std::vector<double> means_, deviations_;
};

}  // namespace lockstep::ml
