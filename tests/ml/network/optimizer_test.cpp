#include "ml/network/optimizer.hpp"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/random.hpp"
#include "tests/catch.hpp"
#include "tests/parity/golden/optimizers.hpp"

namespace lockstep::ml {
namespace {

using Vector = std::vector<float>;
using namespace tests::golden;

std::unique_ptr<Optimizer> optimizer_of(const std::string& text, std::size_t floats) {
  proto::Optimizer config;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &config));
  return make_optimizer(config, floats);
}

UpdateTerms terms_of(const Optimizer& optimizer, std::uint64_t step, double clip_value = 0) {
  return {optimizer.learning_rate(), step, 1, clip_value};
}

void check_close(const Vector& got, const Numbers& wanted) {
  // Ten updates in float, each rounding to 2^-24 of numbers up to 10; PyTorch's are float64.
  for (std::size_t i = 0; i < wanted.size(); ++i)
    CHECK(got[i] == Approx(wanted[i]).epsilon(2e-6).margin(2e-6));
}

TEST_CASE("optimizers take the steps of torch.optim", "[ml][optimizer]") {
  for (const auto& golden : kOptimizers) {
    INFO(golden.config << " clip_value " << golden.clip_value);
    const auto optimizer = optimizer_of(golden.config, kStart.size());
    Vector w(kStart.begin(), kStart.end());
    for (std::size_t step = 0; step < kGradients.size(); ++step) {
      const Vector gradient(kGradients[step].begin(), kGradients[step].end());
      optimizer->update(w, gradient, 0, w.size(), terms_of(*optimizer, step, golden.clip_value));
      if (step == 0) check_close(w, golden.after_first);
    }
    check_close(w, golden.after_last);
  }
}

TEST_CASE("without a config the optimizer is Adam with its defaults", "[ml][optimizer]") {
  const auto optimizer = make_optimizer({}, 3);
  CHECK(optimizer->name() == "adam");
  CHECK(optimizer->learning_rate() == 1e-3);
  CHECK(optimizer->state_names() == std::vector<std::string>{"exp_avg", "exp_avg_sq"});
}

TEST_CASE("state begins at zero and is only there where it is needed", "[ml][optimizer]") {
  CHECK(optimizer_of("sgd {}", 3)->state_names().empty());
  const auto momentum = optimizer_of("sgd { momentum: 0.5 }", 3);
  REQUIRE(momentum->state_names() == std::vector<std::string>{"momentum"});
  const auto state = momentum->state(0);
  CHECK(Vector(state.begin(), state.end()) == Vector(3, 0.0f));
  CHECK(optimizer_of("rmsprop {}", 3)->state_names() ==
        std::vector<std::string>{"square_avg", "momentum"});
}

TEST_CASE("the gradient is scaled first, then cut, then decay is added", "[ml][optimizer]") {
  const auto optimizer = optimizer_of("sgd { learning_rate: 1 weight_decay: 0.5 }", 3);
  Vector w{2, 2, 2};
  optimizer->update(w, Vector{8, -8, 1}, 0, 3, {1, 0, 0.25, 1.5});
  CHECK(w == Vector{2 - (1.5f + 1), 2 - (-1.5f + 1), 2 - (0.25f + 1)});
}

TEST_CASE("a gradient that is not a number is not hidden by the cut", "[ml][optimizer]") {
  const auto optimizer = optimizer_of("sgd { learning_rate: 1 }", 1);
  Vector w{1};
  optimizer->update(w, Vector{std::numeric_limits<float>::quiet_NaN()}, 0, 1, {1, 0, 1, 0.5});
  CHECK(std::isnan(w[0]));
}

const char* const kAll[] = {"sgd {}", "sgd { momentum: 0.9 nesterov: true }",
                            "adam { weight_decay: 0.1 }", "adamw {}", "rmsprop { momentum: 0.5 }"};

TEST_CASE("an update of a piece touches nothing else", "[ml][optimizer]") {
  for (const char* text : kAll) {
    INFO(text);
    const auto optimizer = optimizer_of(text, 50);
    Vector w(50, 1.0f);
    optimizer->update(w, Vector(50, 0.5f), 11, 30, terms_of(*optimizer, 0));
    const auto untouched = [](const auto& x, float value) {
      return std::all_of(x.begin(), x.begin() + 11, [&](float v) { return v == value; }) &&
             std::all_of(x.begin() + 30, x.end(), [&](float v) { return v == value; });
    };
    CHECK(untouched(w, 1));
    CHECK(std::all_of(w.begin() + 11, w.begin() + 30, [](float v) { return v != 1; }));
    for (std::size_t i = 0; i < optimizer->state_names().size(); ++i)
      CHECK(untouched(optimizer->state(i), 0));
  }
}

// Weights and state after three steps on 203 numbers that are updated in the pieces between `cuts`.
std::vector<Vector> after_pieces(const std::string& text, const std::vector<std::size_t>& cuts) {
  constexpr std::size_t n = 203;
  const Random random(3, Purpose::Test);
  const auto optimizer = optimizer_of(text, n);
  Vector w(n), gradient(n);
  for (std::size_t i = 0; i < n; ++i) w[i] = static_cast<float>(random.normal(i));
  for (std::uint64_t step = 0; step < 3; ++step) {
    for (std::size_t i = 0; i < n; ++i)
      gradient[i] = static_cast<float>(random.normal((step + 1) * n + i));
    for (std::size_t c = 0; c + 1 < cuts.size(); ++c) {
      optimizer->update(w, gradient, cuts[c], cuts[c + 1], {0.01, step, 0.3, 0.4});
    }
  }
  std::vector<Vector> all{w};
  for (std::size_t i = 0; i < optimizer->state_names().size(); ++i)
    all.emplace_back(optimizer->state(i).begin(), optimizer->state(i).end());
  return all;
}

TEST_CASE("updates give the same bits however the vector is cut into pieces",
          "[ml][optimizer][property]") {
  for (const char* text : kAll) {
    INFO(text);
    const auto whole = after_pieces(text, {0, 203});
    CHECK(after_pieces(text, {0, 1, 2, 3, 100, 203}) == whole);
    CHECK(after_pieces(text, {0, 16, 17, 50, 50, 130, 203}) == whole);
    std::vector<std::size_t> singles(204);
    for (std::size_t i = 0; i < singles.size(); ++i) singles[i] = i;
    CHECK(after_pieces(text, singles) == whole);
  }
}

TEST_CASE("LazyVector is zero, also when it is empty", "[ml][optimizer]") {
  LazyVector numbers(5);
  CHECK(std::all_of(numbers.span().begin(), numbers.span().end(), [](float x) { return x == 0; }));
  CHECK(LazyVector(0).span().empty());
}

}  // namespace
}  // namespace lockstep::ml
