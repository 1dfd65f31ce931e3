#pragma once
/// What estimators that become a network say of training, in fields of the same names.

#include "core/proto/network.pb.h"

namespace lockstep::ml {

/// Copies the fields that are set in `from`, an Autoencoder or a SequenceToSequence.
template <typename Config>
void copy_training_fields(const Config& from, proto::Network& to) {
  if (from.has_optimizer()) *to.mutable_optimizer() = from.optimizer();
  if (from.has_learning_rate_schedule())
    *to.mutable_learning_rate_schedule() = from.learning_rate_schedule();
  if (from.has_gradient_clip()) *to.mutable_gradient_clip() = from.gradient_clip();
  if (from.has_epochs()) to.set_epochs(from.epochs());
  if (from.has_max_steps()) to.set_max_steps(from.max_steps());
  if (from.has_global_batch()) to.set_global_batch(from.global_batch());
  if (from.has_lane_size()) to.set_lane_size(from.lane_size());
  if (from.has_accumulate_batches()) to.set_accumulate_batches(from.accumulate_batches());
  if (from.has_shuffle()) to.set_shuffle(from.shuffle());
  if (from.has_early_stopping()) *to.mutable_early_stopping() = from.early_stopping();
  if (from.has_keep_best()) to.set_keep_best(from.keep_best());
  if (from.has_monitor()) to.set_monitor(from.monitor());
  if (from.has_checkpoint()) *to.mutable_checkpoint() = from.checkpoint();
  if (from.has_precision()) to.set_precision(from.precision());
}

}  // namespace lockstep::ml
