#pragma once
/// Progress for people: one line that renews itself on a terminal, a line every few seconds in a
/// batch log. To stderr.

#include <chrono>

#include "ml/pipeline/progress.hpp"

namespace lockstep::apps {

class TrainingProgress final : public ml::Progress {
 public:
  TrainingProgress();
  ~TrainingProgress() override;
  void on_estimator(const std::string& name) override;
  void on_step(const ml::StepReport& report) override;
  void on_epoch(const ml::EpochReport& report) override;
  void on_iteration(const ml::IterationReport& report) override;

 private:
  void clear_line();
  bool is_due();
  void show_line(const std::string& text);

  bool terminal_, line_shown_ = false;
  std::chrono::steady_clock::time_point last_{};
  double samples_per_second_ = 0;
};

/// "1 h 02 min", "3 min 07 s", "12 s"
std::string duration_text(double seconds);

}  // namespace lockstep::apps
