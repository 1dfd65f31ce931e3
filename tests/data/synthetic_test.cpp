#include "data/sources/synthetic.hpp"

#include "core/error.hpp"
#include "core/random.hpp"
#include "tests/catch.hpp"

using namespace lockstep;
using namespace lockstep::data;

namespace {
proto::SyntheticSource source(std::vector<std::uint32_t> shape,
                              proto::SyntheticSource::Label label) {
  proto::SyntheticSource config;
  config.set_rows(100);
  for (const auto d : shape) config.add_shape(d);
  config.set_label(label);
  config.set_num_classes(3);
  return config;
}
}  // namespace

TEST_CASE("synthetic: features are uniform in [0, 1) and a function of seed and row",
          "[data][synthetic]") {
  const SyntheticRows rows(source({7}, proto::SyntheticSource::CLASS));
  std::vector<float> features(7), again(7);
  double sum = 0;
  for (std::uint64_t row = 0; row < 1000; ++row) {
    const double label = rows.make(row, features);
    CHECK((label == 0 || label == 1 || label == 2));
    for (std::size_t j = 0; j < 7; ++j) {
      CHECK(features[j] == Random(1, Purpose::SyntheticFeatures, row).uniform(j));
      CHECK((features[j] >= 0 && features[j] < 1));
      sum += features[j];
    }
    CHECK(rows.make(row, again) == label);
    CHECK(again == features);
  }
  CHECK(sum / 7000 == Approx(0.5).margin(0.02));
}

TEST_CASE("synthetic: the shape makes a vector, a sequence or an image", "[data][synthetic]") {
  const auto type = [](std::vector<std::uint32_t> shape) {
    return SyntheticRows(source(std::move(shape), proto::SyntheticSource::CLASS)).features();
  };
  CHECK(type({5}) == ColumnType{ColumnType::Kind::Vector, {5}});
  CHECK(type({4, 5}) == ColumnType{ColumnType::Kind::Vector, {4, 5}});
  CHECK(type({3, 4, 5}) == ColumnType{ColumnType::Kind::Image, {3, 4, 5}});
  CHECK_THROWS_AS(type({}), ConfigError);
  CHECK_THROWS_AS(type({1, 2, 3, 4}), ConfigError);
  CHECK_THROWS_AS(type({1, 0}), ConfigError);
}

TEST_CASE("synthetic: every class of CLASS and TEACHER occurs", "[data][synthetic]") {
  const auto label = GENERATE(proto::SyntheticSource::CLASS, proto::SyntheticSource::TEACHER);
  const SyntheticRows rows(source({20}, label));
  std::vector<float> features(20);
  std::vector<int> counts(3);
  for (std::uint64_t row = 0; row < 1000; ++row)
    ++counts[static_cast<std::size_t>(rows.make(row, features))];
  for (const int count : counts) CHECK(count > 100);
}

TEST_CASE("synthetic: LINEAR is a linear function plus a little noise", "[data][synthetic]") {
  // y(row) - sum w x = 0.1 * normal: its mean square over many rows is about 0.01.
  const SyntheticRows rows(source({2}, proto::SyntheticSource::LINEAR));
  const Random weights(1, Purpose::SyntheticLabels, ~std::uint64_t{0});
  std::vector<float> x(2);
  double squares = 0;
  for (std::uint64_t row = 0; row < 2000; ++row) {
    const double noise = rows.make(row, x) - weights.normal(0) * x[0] - weights.normal(1) * x[1];
    squares += noise * noise;
  }
  CHECK(squares / 2000 == Approx(0.01).epsilon(0.1));
}
