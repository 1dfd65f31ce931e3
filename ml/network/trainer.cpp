#include "ml/network/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/fault_point.hpp"
#include "core/log.hpp"
#include "dist/session.hpp"
#include "ml/network/schedule.hpp"

namespace lockstep::ml {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void put_accuracy(Json& line, const char* key, const std::optional<double>& accuracy) {
  if (accuracy) line[key] = *accuracy;
}

}  // namespace

Trainer::Trainer(const Context& context, const TrainingInput& input, RunFolder* folder,
                 Progress& progress)
    : context_(context),
      in_(input),
      folder_(folder),
      progress_(progress),
      step_(context, input.config, input.network, input.train, input.columns, input.plan,
            input.exchange, input.augmentation, input.scale),
      scorer_(input.network, step_.parameters(), step_.packed(), input.plan.lane_size,
              input.scale) {
  if (folder_) {
    store_ = std::make_unique<CheckpointStore>(folder_->files(), folder_->file("checkpoints"),
                                               in_.config.checkpoint().keep_last());
  }
  state_.set_lockstep_version(LOCKSTEP_VERSION);
  state_.set_config_digest(in_.config_digest);
  state_.set_rows(in_.train.rows);
  state_.set_plateau_factor(1);
  total_steps_ = in_.plan.steps_per_epoch() * in_.config.epochs();
  if (in_.config.has_max_steps())
    total_steps_ = std::min<std::uint64_t>(total_steps_, in_.config.max_steps());
  state_.set_total_steps(total_steps_);
}

bool Trainer::goes_on() const {
  const auto& stopping = in_.config.early_stopping();
  const bool patient = !in_.config.has_early_stopping() || !in_.validation ||
                       state_.epochs_since_best() < stopping.patience();
  return patient && state_.epoch() < in_.config.epochs() && state_.step() < total_steps_;
}

TrainingResult Trainer::run() {
  last_checkpoint_ = epoch_start_ = Clock::now();
  bool going = !state_.finished() && in_.train.rows > 0;
  while (going && state_.epoch() < in_.config.epochs() && state_.step() < total_steps_)
    going = run_epoch();
  TrainingResult result;
  result.stopped = !state_.finished() && dist::stop_requested() && state_.step() < total_steps_;
  std::int64_t stopped[] = {result.stopped ? 1 : 0};
  context_.ranks.allreduce_max(stopped);
  result.stopped = stopped[0] != 0;
  if (!result.stopped && !best_.empty()) restore_best();
  dist::all_or_none(context_.ranks, [&] {
    if (store_) store_->wait();
    if (folder_) folder_->flush();
  });
  result.steps = state_.step();
  result.epochs = state_.epoch();
  if (state_.has_best()) result.best_epoch = state_.best_epoch();
  result.train_loss = state_.last_loss();
  result.train_accuracy = state_.last_accuracy();
  return result;
}

bool Trainer::run_epoch() {
  const auto& schedule = in_.config.learning_rate_schedule();
  bool due = false;  // a checkpoint, after the newest step
  while (state_.step_in_epoch() < in_.plan.steps_per_epoch() && state_.step() < total_steps_) {
    const auto start = Clock::now();
    StepInput terms;
    terms.epoch = state_.epoch();
    terms.batch = state_.step_in_epoch() * in_.plan.accumulate;
    terms.batches =
        std::min<std::uint64_t>(in_.plan.accumulate, in_.plan.batches_per_epoch() - terms.batch);
    terms.sequence = terms.epoch * in_.plan.batches_per_epoch() + terms.batch;
    terms.step = state_.step();
    terms.learning_rate = step_.optimizer().learning_rate() * state_.plateau_factor() *
                          learning_rate_factor(schedule, {terms.step, total_steps_, terms.epoch});
    terms.stop = dist::stop_requested();
    terms.checkpoint = context_.is_driver() && checkpoint_due_by_time();
    fault_point(context_.ranks.rank(), terms.step);
    const StepSums result = step_.run(terms);
    after_step(result, terms.learning_rate, seconds_since(start));
    const std::uint64_t every = in_.config.checkpoint().every_steps();
    due = result.checkpoint || (every > 0 && state_.step() % every == 0);
    const bool last =
        state_.step_in_epoch() == in_.plan.steps_per_epoch() || state_.step() == total_steps_;
    // At the end of an epoch the checkpoint comes after validation.
    if (result.stop && !last) {
      save_checkpoint();
      return false;
    }
    if (due && !last) save_checkpoint();
  }
  return end_epoch(due);
}

void Trainer::after_step(const StepSums& result, double learning_rate, double seconds) {
  state_.set_step(state_.step() + 1);
  state_.set_step_in_epoch(state_.step_in_epoch() + 1);
  state_.set_epoch_loss(state_.epoch_loss() + result.sums.loss);
  state_.set_epoch_weight(state_.epoch_weight() + result.sums.weight);
  state_.set_epoch_correct(state_.epoch_correct() + result.sums.correct);
  state_.set_epoch_rows(state_.epoch_rows() + result.sums.row_weight);
  if (!context_.is_driver()) return;
  recent_step_seconds_ =
      recent_step_seconds_ == 0 ? seconds : 0.95 * recent_step_seconds_ + 0.05 * seconds;
  if (folder_) {
    Json line{
        {"step", state_.step()}, {"epoch", state_.epoch() + 1}, {"loss", result.sums.mean_loss()}};
    put_accuracy(line, "accuracy", told_accuracy(accuracy_of(result.sums)));
    line["learning_rate"] = learning_rate;
    folder_->append_metrics(line.dump());
  }
  progress_.on_step({state_.epoch() + 1, in_.config.epochs(), state_.step(), total_steps_,
                     result.sums.mean_loss(), told_accuracy(accuracy_of(result.sums)),
                     learning_rate, result.sums.rows / seconds,
                     recent_step_seconds_ * static_cast<double>(total_steps_ - state_.step())});
}

bool Trainer::end_epoch(bool checkpoint_due) {
  const LossSums sums{state_.epoch_loss(), state_.epoch_weight(), state_.epoch_correct(),
                      state_.epoch_rows(), 0};
  state_.set_last_loss(sums.mean_loss());
  state_.set_last_accuracy(accuracy_of(sums));
  EpochReport report{state_.epoch() + 1,
                     in_.config.epochs(),
                     sums.mean_loss(),
                     told_accuracy(accuracy_of(sums)),
                     {},
                     {},
                     0,
                     false};
  state_.set_epoch(state_.epoch() + 1);
  state_.set_step_in_epoch(0);
  state_.set_epoch_loss(0);
  state_.set_epoch_weight(0);
  state_.set_epoch_correct(0);
  state_.set_epoch_rows(0);
  if (in_.validation) note_validation(report);
  report.seconds = seconds_since(epoch_start_);
  epoch_start_ = Clock::now();
  const bool more = goes_on();
  state_.set_finished(!more);
  if (folder_) {
    Json line{{"epoch", report.epoch}, {"train_loss", report.loss}};
    put_accuracy(line, "train_accuracy", report.accuracy);
    if (report.validation_loss) line["validation_loss"] = *report.validation_loss;
    put_accuracy(line, "validation_accuracy", report.validation_accuracy);
    folder_->append_metrics(line.dump());
  }
  if (context_.is_driver()) progress_.on_epoch(report);
  const std::uint32_t every = in_.config.checkpoint().every_epochs();
  const bool due = checkpoint_due || (every > 0 && state_.epoch() % every == 0);
  std::int64_t stop[] = {dist::stop_requested() ? 1 : 0};
  context_.ranks.allreduce_max(stop);
  if (!more || stop[0] != 0 || due) save_checkpoint();
  return more && stop[0] == 0;
}

double Trainer::accuracy_of(const LossSums& sums) const {
  return sums.accuracy(in_.network.task());
}

// Accuracy belongs to classifiers only.
std::optional<double> Trainer::told_accuracy(double accuracy) const {
  if (in_.network.task() == layers::Task::Regression) return std::nullopt;
  return accuracy;
}

double Trainer::monitored(const LossSums& sums) const {
  return in_.config.monitor() == proto::ACCURACY ? accuracy_of(sums) : sums.mean_loss();
}

// A metric that is not finite is never better.
bool Trainer::better(double metric, double than, double min_delta) const {
  if (!std::isfinite(metric)) return false;
  return in_.config.monitor() == proto::ACCURACY ? metric > than + min_delta
                                                 : metric < than - min_delta;
}

void Trainer::note_validation(EpochReport& report) {
  const LossSums sums = loss_over(context_, scorer_, *in_.validation, in_.columns);
  report.validation_loss = sums.mean_loss();
  report.validation_accuracy = told_accuracy(accuracy_of(sums));
  const double metric = monitored(sums);
  const bool first = !state_.has_stopping_metric() && std::isfinite(metric);

  if (first || better(metric, state_.stopping_metric(), in_.config.early_stopping().min_delta())) {
    state_.set_stopping_metric(metric);
    state_.set_epochs_since_best(0);
  } else {
    state_.set_epochs_since_best(state_.epochs_since_best() + 1);
  }

  const bool keep_best = in_.config.has_keep_best() ? in_.config.keep_best() : true;
  if (std::isfinite(metric) &&
      (!state_.has_best_metric() || better(metric, state_.best_metric(), 0))) {
    state_.set_best_metric(metric);
    state_.set_best_epoch(state_.epoch());
    report.best = true;
    if (keep_best) {
      state_.set_has_best(true);
      best_.assign(step_.parameters().begin(), step_.parameters().end());
    }
  }

  const auto& schedule = in_.config.learning_rate_schedule();
  if (!schedule.has_reduce_on_plateau()) return;
  const auto& plateau = schedule.reduce_on_plateau();
  if ((!state_.has_plateau_metric() && std::isfinite(metric)) ||
      better(metric, state_.plateau_metric(), plateau.min_delta())) {
    state_.set_plateau_metric(metric);
    state_.set_plateau_epochs(0);
  } else {
    state_.set_plateau_epochs(state_.plateau_epochs() + 1);
    if (state_.plateau_epochs() > plateau.patience()) {
      state_.set_plateau_factor(
          std::max(plateau.min_factor(), state_.plateau_factor() * plateau.gamma()));
      state_.set_plateau_epochs(0);
    }
  }
}

void Trainer::restore_best() {
  std::copy(best_.begin(), best_.end(), step_.parameters().begin());
  step_.weights_changed();
}

}  // namespace lockstep::ml
