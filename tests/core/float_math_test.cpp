#include "core/float_math.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "core/simd.hpp"
#include "tests/catch.hpp"

namespace lockstep {
namespace {

// The largest relative error of `ours` against `exact` over n points from `first` to `last`.
template <typename Ours, typename Exact>
double worst(float first, float last, int n, Ours ours, Exact exact) {
  double most = 0;
  for (int i = 0; i <= n; ++i) {
    const float x = first + (last - first) * (static_cast<float>(i) / static_cast<float>(n));
    const double wanted = exact(static_cast<double>(x));
    if (wanted == 0) continue;
    const double error = std::abs((static_cast<double>(ours(x)) - wanted) / wanted);
    if (!(error <= most)) most = error;  // a NaN stays
  }
  return most;
}

double exp_of(double x) { return std::exp(x); }
double tanh_of(double x) { return std::tanh(x); }
double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

LOCKSTEP_SIMD void exp_all(const float* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = float_exp(x[i]);
}
LOCKSTEP_SIMD void sigmoid_all(const float* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = float_sigmoid(x[i]);
}
LOCKSTEP_SIMD void tanh_all(const float* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = float_tanh(x[i]);
}

}  // namespace

TEST_CASE("float_exp keeps its error bound", "[core][math]") {
  CHECK(worst(-87, 87, 300000, float_exp, exp_of) < 0x1p-22);
  CHECK(worst(-1, 1, 300000, float_exp, exp_of) < 0x1p-22);
  CHECK(float_exp(0) == 1);
}

TEST_CASE("float_sigmoid keeps its error bound in both tails", "[core][math]") {
  CHECK(worst(-87, 87, 300000, float_sigmoid, sigmoid_of) < 0x1p-21);
  CHECK(worst(-2, 2, 300000, float_sigmoid, sigmoid_of) < 0x1p-21);
  CHECK(float_sigmoid(0) == 0.5f);
}

TEST_CASE("float_tanh keeps its error bound, near zero too", "[core][math]") {
  CHECK(worst(-30, 30, 300000, float_tanh, tanh_of) < 0x1p-21);
  CHECK(worst(-1, 1, 300000, float_tanh, tanh_of) < 0x1p-21);
  CHECK(worst(-1e-3f, 1e-3f, 100001, float_tanh, tanh_of) < 0x1p-21);
  CHECK(worst(1e-30f, 1e-25f, 1001, float_tanh, tanh_of) < 0x1p-21);
  CHECK(float_tanh(0) == 0);
}

TEST_CASE("functions of floats at their edges", "[core][math]") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  for (const float large : {50.0f, 100.0f, 1e30f, kInfinity}) {
    CHECK(float_tanh(large) == 1);
    CHECK(float_tanh(-large) == -1);
    CHECK(float_sigmoid(large) == 1);
    CHECK(float_sigmoid(-large) >= std::numeric_limits<float>::min());  // never a denormal
    CHECK(float_sigmoid(-large) < 1e-20f);
  }
  CHECK(float_exp(kInfinity) == float_exp(87));
  CHECK(float_exp(-kInfinity) == float_exp(-87));
  CHECK(std::isnan(float_exp(kNaN)));
  CHECK(std::isnan(float_sigmoid(kNaN)));
  CHECK(std::isnan(float_tanh(kNaN)));
}

TEST_CASE("functions of floats have the same bits one at a time and in vectors", "[core][math]") {
  std::vector<float> x(10007), y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = -100.0f + 0.02f * static_cast<float>(i);
  std::size_t different = 0;
  const auto count = [&](auto&& function) {
    for (std::size_t i = 0; i < x.size(); ++i) different += y[i] != function(x[i]);
  };
  exp_all(x.data(), y.data(), x.size());
  count(float_exp);
  sigmoid_all(x.data(), y.data(), x.size());
  count(float_sigmoid);
  tanh_all(x.data(), y.data(), x.size());
  count(float_tanh);
  CHECK(different == 0);
}

}  // namespace lockstep
