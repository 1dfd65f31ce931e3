#pragma once
/// Learning rates over time. Pure functions of the step, so that a resumed run sees the same ones.
/// Local.

#include <cstdint>

#include "core/proto/training.pb.h"

namespace lockstep::ml {

/// Where a run stands, for the schedule.
struct SchedulePoint {
  std::uint64_t step = 0;         ///< from 0
  std::uint64_t total_steps = 1;  ///< of the whole run, as planned
  std::uint64_t epoch = 0;        ///< from 0
};

/// Factor on the optimizer's learning rate at `moment`, without reduce_on_plateau (whose factor is
/// state of the run). Warm-up multiplies by (step + 1) / warmup_steps while step < warmup_steps;
/// the other formulas are in training.proto.
double learning_rate_factor(const proto::LearningRate& schedule, const SchedulePoint& moment);

/// Whether its factors depend on how many steps there will be.
bool looks_ahead(const proto::LearningRate& schedule);

}  // namespace lockstep::ml
