#include "apps/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "core/log.hpp"

namespace lockstep::apps {

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(std::lround(std::max(0.0, seconds)));
  if (whole >= 3600) return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
  if (whole >= 60) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} s", whole);
}

TrainingProgress::TrainingProgress() : terminal_(isatty(STDERR_FILENO) != 0) {}

TrainingProgress::~TrainingProgress() { clear_line(); }

void TrainingProgress::clear_line() {
  if (line_shown_) std::fputs("\r\x1b[K", stderr);
  line_shown_ = false;
}

void TrainingProgress::on_estimator(const std::string& name, layers::Task task) {
  clear_line();
  classifier_ = task != layers::Task::Regression;
  samples_per_second_ = 0;
  log::info("training {}", name);
}

void TrainingProgress::on_step(const ml::StepReport& report) {
  samples_per_second_ = samples_per_second_ == 0
                            ? report.samples_per_second
                            : 0.9 * samples_per_second_ + 0.1 * report.samples_per_second;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < (terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000)))
    return;
  last_ = now;
  std::string text = fmt::format("epoch {}/{}  step {}/{}  loss {:.4f}", report.epoch,
                                 report.epochs, report.step, report.total_steps, report.loss);
  if (classifier_) text += fmt::format("  accuracy {:.3f}", report.accuracy);
  text += fmt::format("  {:.0f} samples/s  {} left", samples_per_second_,
                      duration_text(report.seconds_left));
  if (!terminal_) return log::info("{}", text);
  std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
  std::fflush(stderr);
  line_shown_ = true;
}

void TrainingProgress::on_epoch(const ml::EpochReport& report) {
  clear_line();
  std::string text =
      fmt::format("epoch {}/{}  loss {:.4f}", report.epoch, report.epochs, report.loss);
  if (classifier_) text += fmt::format("  accuracy {:.4f}", report.accuracy);
  if (report.validation_loss)
    text += fmt::format("  validation loss {:.4f}", *report.validation_loss);
  if (report.validation_accuracy && classifier_)
    text += fmt::format("  validation accuracy {:.4f}", *report.validation_accuracy);
  text += fmt::format("  {}{}", duration_text(report.seconds), report.best ? "  (best)" : "");
  log::info("{}", text);
}

}  // namespace lockstep::apps
