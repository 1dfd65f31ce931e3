#include "core/math.hpp"

#include <limits>
#include <string>

#include "tests/catch.hpp"

namespace lockstep {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kUlp = std::numeric_limits<double>::epsilon();  // 2^-52

// The largest relative error of `ours` against `exact` (long double) over n points from `first` to
// `last`, evenly spread.
template <typename Ours, typename Exact>
double worst(double first, double last, int n, Ours ours, Exact exact) {
  double most = 0;
  for (int i = 0; i <= n; ++i) {
    const double x = first + (last - first) * i / n;
    const long double wanted = exact(static_cast<long double>(x));
    const auto error = static_cast<double>(std::abs((ours(x) - wanted) / wanted));
    if (!(error <= most)) most = error;  // a NaN stays
  }
  return most;
}

long double exp_of(long double x) { return std::exp(x); }
long double log_of(long double x) { return std::log(x); }
long double softplus_of(long double x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}
long double sigmoid_of(long double x) { return 1 / (1 + std::exp(-x)); }

TEST_CASE("exp_exact keeps its error bound over its whole range", "[core][math]") {
  CHECK(worst(-708, 709, 200000, exp_exact, exp_of) < kUlp);
  CHECK(worst(-1, 1, 200000, exp_exact, exp_of) < kUlp);
  CHECK(worst(-1e-8, 1e-8, 1001, exp_exact, exp_of) < kUlp);
}

TEST_CASE("exp_exact at its edges", "[core][math]") {
  CHECK(exp_exact(0) == 1);
  CHECK(exp_exact(-0.0) == 1);
  CHECK(exp_exact(-708.1) == 0);
  CHECK(exp_exact(-708) > 0);
  CHECK(exp_exact(709) < kInfinity);
  CHECK(exp_exact(709.1) == kInfinity);
  CHECK(exp_exact(kInfinity) == kInfinity);
  CHECK(exp_exact(-kInfinity) == 0);
  CHECK(std::isnan(exp_exact(kNaN)));
}

TEST_CASE("log_exact keeps its error bound from the smallest number to the largest",
          "[core][math]") {
  const auto ours = [](double x) { return log_exact(std::exp2(x)); };
  const auto exact = [](long double x) { return log_of(std::exp2(static_cast<double>(x))); };
  CHECK(worst(-1074, -1, 100000, ours, exact) < 2 * kUlp);
  CHECK(worst(1, 1023, 100000, ours, exact) < 2 * kUlp);
  CHECK(worst(0.5, 0.999999, 200000, log_exact, log_of) < 2 * kUlp);
  CHECK(worst(1.000001, 2, 200000, log_exact, log_of) < 2 * kUlp);
  CHECK(worst(1 + 1e-15, 1 + 1e-12, 1000, log_exact, log_of) < 2 * kUlp);
}

TEST_CASE("log_exact at its edges", "[core][math]") {
  CHECK(log_exact(1) == 0);
  CHECK(log_exact(0) == -kInfinity);
  CHECK(log_exact(-0.0) == -kInfinity);
  CHECK(log_exact(kInfinity) == kInfinity);
  CHECK(std::isnan(log_exact(-1)));
  CHECK(std::isnan(log_exact(kNaN)));
  CHECK(log_exact(std::numeric_limits<double>::denorm_min()) ==
        Approx(std::log(std::numeric_limits<double>::denorm_min())).epsilon(1e-15));
  CHECK(log_exact(std::numeric_limits<double>::max()) ==
        Approx(std::log(std::numeric_limits<double>::max())).epsilon(1e-15));
}

TEST_CASE("log_exact undoes exp_exact", "[core][math]") {
  for (const double x : {-700.0, -3.5, -0.25, 0.5, 1.0, 20.0, 700.0})
    CHECK(log_exact(exp_exact(x)) == Approx(x).epsilon(1e-15));
}

TEST_CASE("softplus keeps its digits on both sides", "[core][math]") {
  CHECK(worst(-700, 700, 200000, softplus, softplus_of) < 3 * kUlp);
  CHECK(worst(-40, 40, 200000, softplus, softplus_of) < 3 * kUlp);
  CHECK(softplus(0) == Approx(std::log(2.0)).epsilon(1e-15));
  CHECK(softplus(1000) == 1000);
  CHECK(softplus(-1000) == 0);
  CHECK(softplus(kInfinity) == kInfinity);
  CHECK(softplus(-kInfinity) == 0);
  CHECK(std::isnan(softplus(kNaN)));
}

TEST_CASE("sigmoid keeps its digits on both sides and never leaves 0..1", "[core][math]") {
  CHECK(worst(-700, 700, 200000, sigmoid, sigmoid_of) < 2 * kUlp);
  CHECK(worst(-10, 10, 200000, sigmoid, sigmoid_of) < 2 * kUlp);
  CHECK(sigmoid(0) == 0.5);
  CHECK(sigmoid(1000) == 1);
  CHECK(sigmoid(-1000) == 0);
  CHECK(sigmoid(kInfinity) == 1);
  CHECK(sigmoid(-kInfinity) == 0);
  CHECK(std::isnan(sigmoid(kNaN)));
}

TEST_CASE("normal_quantile gives the quantiles of the tables", "[core][math]") {
  CHECK(normal_quantile(0.5) == 0);
  CHECK(normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-14));
  CHECK(normal_quantile(0.25) ==
        Approx(-0.6744897501960817).epsilon(1e-14));  // Wichura's own three checks
  CHECK(normal_quantile(0.001) == Approx(-3.090232306167814).epsilon(1e-14));
  CHECK(normal_quantile(1e-20) == Approx(-9.262340089798408).epsilon(1e-14));
}

TEST_CASE("normal_quantile undoes the normal distribution in the middle and in both tails",
          "[core][math]") {
  const auto distribution = [](double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; };
  for (double p = 1e-12; p < 0.5; p *= 1.37) {
    CHECK(distribution(normal_quantile(p)) == Approx(p).epsilon(1e-12));
    CHECK(normal_quantile(1 - p) == Approx(-normal_quantile(1 - (1 - p))).epsilon(1e-14));
  }
}

}  // namespace
}  // namespace lockstep
