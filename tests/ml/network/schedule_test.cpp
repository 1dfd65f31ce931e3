#include "ml/network/schedule.hpp"

#include <google/protobuf/text_format.h>

#include "tests/catch.hpp"
#include "tests/parity/golden/optimizers.hpp"

namespace lockstep::ml {
namespace {

proto::LearningRate schedule_of(const std::string& text) {
  proto::LearningRate schedule;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &schedule));
  return schedule;
}

TEST_CASE("learning rates follow PyTorch's schedulers", "[ml][schedule]") {
  // 1e-12: PyTorch's schedulers multiply their way from step to step, ours are closed formulas;
  // both in double precision.
  for (const auto& golden : tests::golden::kSchedules) {
    const auto schedule = schedule_of(golden.config);
    for (std::size_t i = 0; i < golden.factors.size(); ++i) {
      INFO(golden.config << " at " << i);
      const SchedulePoint moment =
          golden.by_epoch ? SchedulePoint{7, 1000, i} : SchedulePoint{i, golden.factors.size(), 0};
      CHECK(learning_rate_factor(schedule, moment) ==
            Approx(golden.factors[i]).epsilon(1e-12).margin(1e-14));
    }
  }
}

TEST_CASE("without a schedule the learning rate is constant", "[ml][schedule]") {
  CHECK(learning_rate_factor({}, {5, 10, 2}) == 1);
  CHECK(learning_rate_factor(schedule_of("reduce_on_plateau {}"), {5, 10, 2}) == 1);
}

TEST_CASE("warm-up rises in equal parts to 1, on top of any schedule", "[ml][schedule]") {
  const auto warm = schedule_of("warmup_steps: 4");
  for (const auto& [step, factor] : std::vector<std::pair<std::uint64_t, double>>{
           {0, 0.25}, {1, 0.5}, {2, 0.75}, {3, 1}, {4, 1}, {50, 1}}) {
    CHECK(learning_rate_factor(warm, {step, 100, 0}) == factor);
  }
  CHECK(learning_rate_factor(schedule_of("warmup_steps: 4 polynomial {}"), {1, 10, 0}) ==
        Approx(0.5 * 0.9));
}

TEST_CASE("polynomial decay does not fall below its final factor", "[ml][schedule]") {
  CHECK(learning_rate_factor(schedule_of("polynomial { final_factor: 0.3 }"), {9, 10, 0}) == 0.3);
  CHECK(learning_rate_factor(schedule_of("polynomial { final_factor: 0.3 }"), {2, 10, 0}) ==
        Approx(0.8));
}

TEST_CASE("schedules stay finite and non-negative in runs of one or two steps, and past the end",
          "[ml][schedule]") {
  for (const char* text : {"cosine {}", "one_cycle {}", "one_cycle { pct_start: 0.9 }",
                           "polynomial {}", "step {}", "exponential {}"}) {
    for (std::uint64_t total : {0, 1, 2, 3}) {
      for (std::uint64_t step = 0; step <= total + 2; ++step) {
        const double factor = learning_rate_factor(schedule_of(text), {step, total, step});
        INFO(text << " step " << step << " of " << total);
        CHECK((factor >= 0 && factor <= 1 + 1e-12));
      }
    }
  }
}

}  // namespace
}  // namespace lockstep::ml
