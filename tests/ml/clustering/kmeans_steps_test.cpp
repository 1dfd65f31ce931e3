#include "ml/clustering/kmeans_steps.hpp"

#include <cmath>
#include <set>

#include "core/error.hpp"
#include "core/random.hpp"
#include "dist/job.hpp"
#include "tests/catch.hpp"
#include "tests/data/features/datasets.hpp"

namespace lockstep::ml {
namespace {

using Numbers = std::vector<double>;

data::Partition rows_of(const Numbers& values, std::size_t d, const Numbers& weights = {},
                        std::uint64_t first_id = 0) {
  data::Partition partition;
  std::vector<std::uint64_t> ids;
  for (std::size_t i = 0; i < values.size() / d; ++i) ids.push_back(first_id + i);
  partition.row_ids = ids;
  partition.set("x", data::DenseVectors{d, values});
  if (!weights.empty()) partition.set("w", data::Numbers{weights});
  return partition;
}

LloydStep::Result step(const Centers& centers, const data::Partition& rows,
                       const std::string& weight = "") {
  const LloydStep job(centers, {"x", weight});
  Numbers sums(job.length());
  job.map(rows, sums);
  return job.finish(sums);
}

const Numbers kSquare{0, 0, 0, 2, 10, 0, 10, 2};

TEST_CASE("LloydStep moves every centre to the mean of its rows (spark-parity 38)",
          "[ml][kmeans]") {
  const auto first = step({2, 2, {0, 0, 10, 0}}, rows_of(kSquare, 2));
  CHECK(first.cost == 8);  // of the centres before
  CHECK(first.centers.values == Numbers{0, 1, 10, 1});
  CHECK(first.weights == Numbers{2, 2});
  const auto second = step(first.centers, rows_of(kSquare, 2));
  CHECK(second.cost == 4);
  CHECK(second.centers.values == first.centers.values);
}

TEST_CASE("LloydStep: of equally near centres the first, and an empty one stays", "[ml][kmeans]") {
  const auto result = step({3, 1, {0, 2, 50}}, rows_of({1, 1, 3}, 1));
  CHECK(result.weights == Numbers{2, 1, 0});
  CHECK(result.centers.values == Numbers{1, 3, 50});
}

TEST_CASE("LloydStep: a weight counts as so many rows", "[ml][kmeans]") {
  const Centers centers{2, 1, {0, 10}};
  const auto weighted = step(centers, rows_of({1, 3, 9}, 1, {1, 2, 3}), "w"),
             repeated = step(centers, rows_of({1, 3, 3, 9, 9, 9}, 1));
  CHECK(weighted.centers.values == repeated.centers.values);
  CHECK(weighted.weights == repeated.weights);
  CHECK(weighted.cost == repeated.cost);
}

TEST_CASE("LloydStep with the cosine measure looks at directions alone", "[ml][kmeans]") {
  const double r = std::sqrt(0.5);
  const auto result = step({2, 2, {1, 0, 0, 1}, true}, rows_of({5, 0, 1, 0.1, 0, 0.2, 0.1, 3}, 2));
  CHECK(result.weights == Numbers{2, 2});
  for (std::size_t c = 0; c < 2; ++c) {
    const auto center = result.centers[c];
    CHECK(center[0] * center[0] + center[1] * center[1] == Approx(1));
  }
  CHECK(distance(Numbers{1, 0}, Numbers{r, r}, true) == Approx(1 - r));
  CHECK_THROWS_AS(step({1, 2, {1, 0}, true}, rows_of({0, 0}, 2)), DataError);
}

TEST_CASE("sparse rows give the bits of dense ones", "[ml][kmeans]") {
  const Numbers values{0, 1.5, 0, 2, 0, 0, 0, 0, 3};
  data::SparseBuilder sparse(3);
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t j = 0; j < 3; ++j)
      if (values[3 * row + j] != 0) sparse.push(j, values[3 * row + j]);
    sparse.end_row();
  }
  auto rows = rows_of(values, 3);
  const Centers centers{2, 3, {0, 1, 0, 1, 0, 1}};
  const auto dense = step(centers, rows);
  rows.set("x", std::move(sparse).finish());
  const auto same = step(centers, rows);
  CHECK(same.centers.values == dense.centers.values);
  CHECK(same.cost == dense.cost);
}

// Golden numbers of scikit-learn (tests/parity/golden/models.py), and of spark-parity 12.7.
TEST_CASE("iris from the rows 0, 50, 100", "[ml][kmeans][golden]") {
  const auto iris = data::rig::dataset_rows("iris");
  if (!iris) return;
  const auto rows = rows_of(iris->features, 4);
  Centers centers{0, 4, {}};
  for (const std::size_t row : {0u, 50u, 100u})
    centers.add(std::span(iris->features).subspan(4 * row, 4));
  std::vector<double> costs, weights;
  for (double moved = 1; moved > 1e-4;) {
    const auto next = step(centers, rows);
    costs.push_back(next.cost);
    moved = 0;
    for (std::size_t c = 0; c < 3; ++c)
      moved = std::max(moved, std::sqrt(distance(centers[c], next.centers[c], false)));
    centers = next.centers;
    weights = next.weights;
  }
  REQUIRE(costs.size() == 4);
  CHECK(costs[0] == Approx(182.48).epsilon(1e-9));
  CHECK(costs[1] == Approx(82.591317678837001).epsilon(1e-12));
  CHECK(costs[2] == Approx(78.942697792869282).epsilon(1e-12));
  CHECK(costs[3] == Approx(78.851441426145996).epsilon(1e-12));
  const Numbers expected{5.0060000000000002,  3.4279999999999999, 1.4620000000000002,
                         0.24600000000000055, 5.9016129032258062, 2.7483870967741937,
                         4.3935483870967742,  1.4338709677419355, 6.8499999999999996,
                         3.0736842105263156,  5.7421052631578942, 2.0710526315789473};
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(centers.values[i] == Approx(expected[i]).epsilon(1e-12));
  CHECK(weights == Numbers{50, 62, 38});
}

TEST_CASE("rows are drawn by their numbers, however they are cut", "[ml][kmeans][property]") {
  Numbers values;
  for (int i = 0; i < 60; ++i) values.push_back(i);
  const auto part = [&](std::size_t begin, std::size_t end) {
    return rows_of({values.begin() + static_cast<std::ptrdiff_t>(begin),
                    values.begin() + static_cast<std::ptrdiff_t>(end)},
                   1, {}, begin);
  };
  const DrawAnyRows any(5, 1, {"x", ""}, false, 7, 0);
  const auto whole = any.finish(any.map(part(0, 60)));
  CHECK(whole.k == 5);
  CHECK(std::set<double>(whole.values.begin(), whole.values.end()).size() == 5);
  const Centers centers{1, 1, {0}};
  const DrawFarRows far(centers, {"x", ""}, 1e-3, 7, 1);
  const auto drawn = far.map(part(0, 60)).values;
  CHECK(drawn.size() > 3);  // the expectation is sum of i^2 / 1000, cut at 1: about 41
  CHECK(drawn.size() < 60);
  for (const std::size_t cut : {0u, 1u, 30u, 59u, 60u}) {
    const auto merged = any.finish(any.merge(any.map(part(0, cut)), any.map(part(cut, 60))));
    CHECK(merged.values == whole.values);
    CHECK(far.merge(far.map(part(0, cut)), far.map(part(cut, 60))).values == drawn);
  }
  const DrawAnyRows other(5, 1, {"x", ""}, false, 8, 0);
  CHECK(other.finish(other.map(part(0, 60))).values != whole.values);
}

TEST_CASE("choose_centers finds groups that lie far apart", "[ml][kmeans]") {
  Centers candidates{0, 1, {}};
  Numbers weights;
  for (const double group : {0.0, 100.0, 200.0}) {
    for (const double x : {-1.0, 0.0, 1.0}) {
      candidates.add(Numbers{group + x});
      weights.push_back(x == 0 ? 3 : 1);
    }
  }
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto chosen = choose_centers(candidates, weights, 3, seed, 0);
    CHECK(std::set<double>(chosen.values.begin(), chosen.values.end()) ==
          std::set<double>{0, 100, 200});
  }
  CHECK(choose_centers(candidates, weights, 9, 1, 0).values == candidates.values);
}

TEST_CASE("without_repetitions keeps the first of equal points", "[ml][kmeans]") {
  CHECK(without_repetitions({4, 2, {1, 2, 3, 4, 1, 2, 0, 0}}).values == Numbers{1, 2, 3, 4, 0, 0});
}

}  // namespace
}  // namespace lockstep::ml
