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

void TrainingProgress::on_estimator(const std::string& name) {
  clear_line();
  samples_per_second_ = 0;
  log::info("training {}", name);
}

/// Ten times a second on a terminal, every five seconds in a log.
bool TrainingProgress::is_due() {
  const auto now = std::chrono::steady_clock::now();
  const auto between = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000);
  if (now - last_ < between) return false;
  last_ = now;
  return true;
}

void TrainingProgress::show_line(const std::string& text) {
  if (!terminal_) return log::info("{}", text);
  std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
  std::fflush(stderr);
  line_shown_ = true;
}

void TrainingProgress::on_step(const ml::StepReport& report) {
  samples_per_second_ = samples_per_second_ == 0
                            ? report.samples_per_second
                            : 0.9 * samples_per_second_ + 0.1 * report.samples_per_second;
  if (!is_due()) return;
  std::string text = fmt::format("epoch {}/{}  step {}/{}  loss {:.4f}", report.epoch,
                                 report.epochs, report.step, report.total_steps, report.loss);
  if (report.accuracy) text += fmt::format("  accuracy {:.3f}", *report.accuracy);
  text += fmt::format("  {:.0f} samples/s  {} left", samples_per_second_,
                      duration_text(report.seconds_left));
  show_line(text);
}

void TrainingProgress::on_iteration(const ml::IterationReport& report) {
  if (!is_due()) return;
  show_line(fmt::format("iteration {}/{}  {} {:.6g}  at most {} left", report.iteration,
                        report.iterations, report.measure, report.value,
                        duration_text(report.seconds_left)));
}

void TrainingProgress::on_epoch(const ml::EpochReport& report) {
  clear_line();
  std::string text =
      fmt::format("epoch {}/{}  loss {:.4f}", report.epoch, report.epochs, report.loss);
  if (report.accuracy) text += fmt::format("  accuracy {:.4f}", *report.accuracy);
  if (report.validation_loss)
    text += fmt::format("  validation loss {:.4f}", *report.validation_loss);
  if (report.validation_accuracy)
    text += fmt::format("  validation accuracy {:.4f}", *report.validation_accuracy);
  text += fmt::format("  {}{}", duration_text(report.seconds), report.best ? "  (best)" : "");
  log::info("{}", text);
}

}  // namespace lockstep::apps
