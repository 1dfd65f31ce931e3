#include "ml/network/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/math.hpp"

namespace lockstep::ml {
namespace {

/// base^exponent from exp and log whose bits do not depend on the machine.
double power(double base, double exponent) {
  if (exponent == 0) return 1;
  return base <= 0 ? 0 : exp_exact(exponent * log_exact(base));
}

/// cos(pi x) for x in [0, 1] by its Taylor series around the nearest quarter: plain arithmetic
/// only.
double cos_pi(double x) {
  if (x > 0.5) return -cos_pi(1 - x);
  const double angle = std::numbers::pi * x, z = angle * angle;
  double term = 1, sum = 1;
  for (int k = 1; k <= 12; ++k) {
    term *= -z / ((2 * k - 1) * (2 * k));
    sum += term;
  }
  return sum;
}

/// From `from` to `to` along half a cosine, share in [0, 1].
double anneal(double from, double to, double share) {
  return to + (from - to) / 2 * (1 + cos_pi(share));
}

double one_cycle(const proto::OneCycle& cycle, const SchedulePoint& moment) {
  const double low = 1 / cycle.div_factor(), last = low / cycle.final_div_factor();
  const double total = static_cast<double>(moment.total_steps),
               step = static_cast<double>(moment.step);
  const double top = std::max(cycle.pct_start() * total - 1, 0.0),
               end = std::max(total - 1, top + 1);
  if (step <= top) return top == 0 ? 1 : anneal(low, 1, step / top);
  return anneal(1, last, std::min(1.0, (step - top) / (end - top)));
}

double decay(const proto::LearningRate& schedule, const SchedulePoint& moment) {
  const double share =
      std::min(1.0, static_cast<double>(moment.step) /
                        static_cast<double>(std::max<std::uint64_t>(1, moment.total_steps)));
  const auto epoch = static_cast<double>(moment.epoch);
  switch (schedule.kind_case()) {
    case proto::LearningRate::kStep:
      return power(schedule.step().gamma(), std::floor(epoch / schedule.step().epochs()));
    case proto::LearningRate::kExponential:
      return power(schedule.exponential().gamma(), epoch);
    case proto::LearningRate::kCosine:
      return anneal(1, schedule.cosine().final_factor(), share);
    case proto::LearningRate::kOneCycle:
      return one_cycle(schedule.one_cycle(), moment);
    case proto::LearningRate::kPolynomial:
      return std::max(schedule.polynomial().final_factor(),
                      power(1 - share, schedule.polynomial().power()));
    case proto::LearningRate::kReduceOnPlateau:
    case proto::LearningRate::KIND_NOT_SET:
      return 1;
  }
  return 1;
}

}  // namespace

double learning_rate_factor(const proto::LearningRate& schedule, const SchedulePoint& moment) {
  const double warmup =
      moment.step < schedule.warmup_steps()
          ? static_cast<double>(moment.step + 1) / static_cast<double>(schedule.warmup_steps())
          : 1;
  return warmup * decay(schedule, moment);
}

bool looks_ahead(const proto::LearningRate& schedule) {
  return schedule.has_cosine() || schedule.has_one_cycle() || schedule.has_polynomial();
}

}  // namespace lockstep::ml
