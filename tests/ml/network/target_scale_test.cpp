#include "ml/network/target_scale.hpp"

#include "tests/catch.hpp"

namespace lockstep::ml {
namespace {

proto::NetworkModel model(const std::vector<double>& means, const std::vector<double>& deviations) {
  proto::NetworkModel model;
  for (const double mean : means) model.add_target_mean(mean);
  for (const double deviation : deviations) model.add_target_deviation(deviation);
  return model;
}

TEST_CASE("targets are read in units of their spread, values come back in their own",
          "[ml][target_scale]") {
  const TargetScale scale(model({100}, {20}));
  float target = 0;
  scale.read(data::Numbers{{100, 140}}, 1, {&target, 1});
  CHECK(target == 2);
  CHECK(scale.value(1, 0) == 120);
  CHECK(scale.value(-0.5f, 0) == 90);
}

TEST_CASE("each number of a vector has its own mean and deviation", "[ml][target_scale]") {
  const TargetScale scale(model({10, -10}, {2, 4}));
  std::vector<float> target(2);
  scale.read(data::DenseVectors{2, {12, -6}}, 0, target);
  CHECK(target == std::vector<float>{1, 1});
  CHECK(scale.value(1, 0) == 12);
  CHECK(scale.value(-1, 1) == -14);
}

TEST_CASE("without a scale targets are read as they are", "[ml][target_scale]") {
  const TargetScale scale;
  CHECK_FALSE(scale.scales());
  float target = 0;
  scale.read(data::Numbers{{3.5}}, 0, {&target, 1});
  CHECK(target == 3.5f);
  CHECK(scale.value(3.5f, 0) == 3.5);
}

TEST_CASE("targets beyond float keep their differences", "[ml][target_scale]") {
  const TargetScale scale(model({1700000024.5}, {14.5}));
  float a = 0, b = 0;
  scale.read(data::Numbers{{1700000000, 1700000001}}, 0, {&a, 1});
  scale.read(data::Numbers{{1700000000, 1700000001}}, 1, {&b, 1});
  CHECK(b - a == Approx(1 / 14.5).epsilon(1e-5));  // as floats both are 1700000000
  CHECK(scale.value(a, 0) == Approx(1700000000.0).epsilon(1e-15));
}

}  // namespace
}  // namespace lockstep::ml
