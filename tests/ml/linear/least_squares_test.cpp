#include "ml/linear/least_squares.hpp"

#include <cmath>

#include "tests/catch.hpp"
#include "tests/data/features/datasets.hpp"

namespace lockstep::ml {
namespace {

using Numbers = std::vector<double>;

struct Rows {
  Numbers x, y, w = {};
  std::size_t d = 1;

  data::Partition partition() const {
    data::Partition partition;
    partition.row_ids = std::vector<std::uint64_t>(y.size());
    partition.set("x", data::DenseVectors{d, x});
    partition.set("y", data::Numbers{y});
    if (!w.empty()) partition.set("w", data::Numbers{w});
    return partition;
  }
};

template <typename Job>
auto run(const Job& job, const data::Partition& rows) {
  Numbers sums(job.length());
  job.map(rows, sums);
  return job.finish(sums);
}

struct Fit {
  Solution solution;
  SumRows::Result sums;
  SumErrors::Result errors;
};

Fit fit(const Rows& rows, const LeastSquares& problem = {}) {
  const RegressionColumns columns{"x", "y", rows.w.empty() ? "" : "w"};
  const auto partition = rows.partition();
  Fit fit;
  fit.sums = run(SumRows(columns, rows.d), partition);
  const auto centered = run(SumProducts(columns, fit.sums.mean, fit.sums.label_mean), partition);
  const auto raw = run(SumProducts(columns, Numbers(rows.d, 0), 0), partition);
  fit.solution = solve(problem, fit.sums, centered, &raw);
  fit.errors = run(SumErrors(columns, fit.solution.function, fit.sums.label_mean), partition);
  return fit;
}

const Rows kFour{{1, 2, 3, 4}, {1, 3, 2, 5}};

TEST_CASE("least squares: the worked example (spark-parity 33)", "[ml][linear]") {
  const auto plain = fit(kFour);
  CHECK(plain.solution.function.coefficients[0] == Approx(1.1).epsilon(1e-12));
  CHECK(plain.solution.function.intercept == Approx(0).margin(1e-12));
  CHECK(std::sqrt(plain.errors.squares / 4) == Approx(.8215838363).epsilon(1e-9));
  CHECK(plain.errors.absolute / 4 == Approx(.7).epsilon(1e-9));
  CHECK(plain.errors.explained / 4 == Approx(1.5125).epsilon(1e-9));
  CHECK(std::sqrt(plain.errors.squares / 2 * plain.solution.inverse_diagonal.at(0)) ==
        Approx(.5196152423).epsilon(1e-9));
  Rows weighted = kFour;
  weighted.w = {1, 1, 1, 3};
  CHECK(fit(weighted).solution.function.coefficients[0] == Approx(1.25).epsilon(1e-12));
  CHECK(fit(weighted).solution.function.intercept == Approx(-.25).epsilon(1e-12));
}

TEST_CASE("ridge: the penalty is in units of the label's deviation (spark-parity 34)",
          "[ml][linear]") {
  const auto standardized = fit(kFour, {.reg_param = 0.5}).solution.function;
  CHECK(standardized.coefficients[0] == Approx(.8220846606).epsilon(1e-9));
  CHECK(standardized.intercept == Approx(.6947883486).epsilon(1e-9));
  const auto raw = fit(kFour, {.reg_param = 0.5, .standardization = false}).solution.function;
  CHECK(raw.coefficients[0] == Approx(.8658353755).epsilon(1e-9));
}

// Golden numbers of scikit-learn (tests/parity/golden/models.py) and of spark-parity 12.5.
TEST_CASE("least squares on diabetes", "[ml][linear][golden]") {
  const auto rows = data::rig::dataset_rows("diabetes");
  if (!rows) return;
  const Rows diabetes{rows->features, rows->labels, {}, rows->width};
  const auto plain = fit(diabetes);
  const Numbers expected{-0.036361224223622549, -22.859648090498364, 5.6029620919237111,
                         1.116807993318186,     -1.0899963340632204, 0.74645045551421052,
                         0.37200471508913646,   6.533831935990337,   68.48312496478826,
                         0.28011698932149776};
  for (std::size_t j = 0; j < expected.size(); ++j)
    CHECK(plain.solution.function.coefficients[j] == Approx(expected[j]).epsilon(1e-9));
  CHECK(plain.solution.function.intercept == Approx(-334.56713851878749).epsilon(1e-9));
  const double variance = plain.errors.squares / 431;
  CHECK(variance == Approx(2932.681637).epsilon(1e-9));
  const Numbers deviations{.21704144, 5.83582129, .71710550,   .22523817, .57333186,  .53083439,
                           .78246385, 5.95863784, 15.66971924, .27331395, 67.45462110};
  REQUIRE(plain.solution.inverse_diagonal.size() == deviations.size());
  for (std::size_t j = 0; j < deviations.size(); ++j)
    CHECK(std::sqrt(variance * plain.solution.inverse_diagonal[j]) ==
          Approx(deviations[j]).epsilon(1e-7));
  const auto ridge = fit(diabetes, {.reg_param = 1}).solution.function;
  CHECK(ridge.intercept == Approx(-269.98358367).epsilon(1e-9));
  CHECK(ridge.coefficients[1] == Approx(-22.24521608).epsilon(1e-9));
  CHECK(ridge.coefficients[8] == Approx(52.19069717).epsilon(1e-9));
  const auto raw = fit(diabetes, {.reg_param = 1, .standardization = false}).solution.function;
  CHECK(raw.intercept == Approx(-257.19047031).epsilon(1e-9));
  CHECK(raw.coefficients[8] == Approx(46.22751086).epsilon(1e-9));
}

TEST_CASE("collinear features share their effect, in units of their deviations", "[ml][linear]") {
  const Rows twice{{1, 1, 2, 2, 3, 3, 4, 4}, {1, 3, 2, 5}, {}, 2};
  const auto equal = fit(twice);
  CHECK(equal.solution.collinear);
  CHECK(equal.solution.inverse_diagonal.empty());
  for (const double b : equal.solution.function.coefficients)
    CHECK(b == Approx(0.55).epsilon(1e-9));
  CHECK(equal.solution.function.intercept == Approx(0).margin(1e-9));
  const Rows scaled{{1, 2, 2, 4, 3, 6, 4, 8}, {1, 3, 2, 5}, {}, 2};
  const auto halved = fit(scaled).solution.function.coefficients;
  CHECK(halved[0] == Approx(0.55).epsilon(1e-9));
  CHECK(halved[1] == Approx(0.275).epsilon(1e-9));
}

TEST_CASE("a constant feature gets no coefficient, a constant label is the intercept",
          "[ml][linear]") {
  const Rows constant{{1, 7, 2, 7, 3, 7, 4, 7}, {1, 3, 2, 5}, {}, 2};
  const auto with = fit(constant).solution.function;
  CHECK(with.coefficients[0] == Approx(1.1).epsilon(1e-12));
  CHECK(with.coefficients[1] == 0);
  const auto same = fit({{1, 2, 3}, {4, 4, 4}}, {.reg_param = 1}).solution.function;
  CHECK(same.coefficients[0] == 0);
  CHECK(same.intercept == 4);
}

TEST_CASE("without an intercept the line goes through the origin", "[ml][linear]") {
  const auto through = fit({{1, 2}, {2, 5}}, {.fit_intercept = false}).solution.function;
  CHECK(through.coefficients[0] == Approx(12.0 / 5).epsilon(1e-12));
  CHECK(through.intercept == 0);
}

TEST_CASE("more features than rows have the smallest coefficients that fit", "[ml][linear]") {
  const auto wide = fit({{1, 0, 2, 5, 3, 1}, {1, 2}, {}, 3});
  CHECK(wide.solution.collinear);
  CHECK(wide.errors.squares == Approx(0).margin(1e-18));
}

TEST_CASE("large means cost no digits", "[ml][linear]") {
  Rows far = kFour;
  for (double& x : far.x) x += 1e9;
  for (double& y : far.y) y += 1e9;
  CHECK(fit(far).solution.function.coefficients[0] == Approx(1.1).epsilon(1e-9));
}

}  // namespace
}  // namespace lockstep::ml
