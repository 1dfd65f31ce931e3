#include "data/jobs/quantiles.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/random.hpp"
#include "tests/data/features/datasets.hpp"
#include "tests/data/features/numeric_csv.hpp"
#include "tests/parity/golden/features.hpp"

namespace lockstep::data {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<Quantiles> quantiles(const Dataset& dataset, const std::string& column,
                                 const std::vector<double>& probabilities) {
  static ThreadPool threads(2);
  return exact_quantiles(TrainingRows(nullptr, threads, dataset, 1), column, probabilities);
}

std::vector<double> of_numbers(const std::vector<double>& values,
                               const std::vector<double>& probabilities,
                               std::size_t partitions = 1) {
  return quantiles(rig::table({rig::numbers("x", values)}, partitions), "x", probabilities)
      .at(0)
      .values;
}

/// The textbook's way: sort, take number ceil(p * n).
std::vector<double> by_sorting(std::vector<double> values,
                               const std::vector<double>& probabilities) {
  std::sort(values.begin(), values.end());
  std::vector<double> found;
  for (const double p : probabilities) {
    const auto nth = static_cast<std::size_t>(std::ceil(p * static_cast<double>(values.size())));
    found.push_back(values.at(std::max<std::size_t>(nth, 1) - 1) + 0.0);
  }
  return found;
}

/// The same numbers every time: a generator for tests.
struct Draws {
  std::uint64_t state;
  std::uint64_t next() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state ^ (state >> 31)) * 0x9E3779B97F4A7C15u;
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>((next() >> 20) % n); }
};

const std::vector<double> kMany = {0, 0.001, 0.1, 0.25, 1.0 / 3, 0.5, 0.5, 0.9, 0.999, 1};

}  // namespace

TEST_CASE("A quantile is the value number ceil(p n), never a mean of two", "[columns][quantiles]") {
  CHECK(of_numbers({3, 1, 4, 2}, {0.5}) == std::vector<double>{2});
  CHECK(of_numbers({100, 9, 8, 7, 6, 5, 4, 3, 2, 1}, {0.25, 0.5, 0.75}) ==
        std::vector<double>{3, 5, 8});
  CHECK(of_numbers({2, -5, 9}, {1, 0}) == std::vector<double>{9, -5});
  CHECK(of_numbers({7}, {0, 0.5, 1}) == std::vector<double>{7, 7, 7});
}

TEST_CASE("Quantiles of wine's proline are values of the column", "[columns][quantiles][golden]") {
  const auto proline = rig::dataset_column("wine", "proline");
  if (!proline) return;
  REQUIRE(proline->size() == 178);
  CHECK(of_numbers(*proline, {0.25, 0.5, 0.75}, 5) == std::vector<double>{500, 672, 985});
}

TEST_CASE("NaN and missing numbers are no values, infinities are", "[columns][quantiles]") {
  const auto dataset =
      rig::table({rig::numbers("x", {kNaN, 5, kMissing, -kInfinity, kInfinity, -kNaN})}, 3);
  const auto found = quantiles(dataset, "x", {0, 0.5, 1});
  CHECK(found.at(0).count == 3);
  CHECK(found.at(0).values == std::vector<double>{-kInfinity, 5, kInfinity});
}

TEST_CASE("Without values there are no quantiles", "[columns][quantiles]") {
  const auto found = quantiles(rig::table({rig::numbers("x", {kNaN, kMissing})}), "x", {0.5, 1});
  CHECK(found.at(0).count == 0);
  REQUIRE(found.at(0).values.size() == 2);
  CHECK(std::isnan(found.at(0).values[1]));
}

TEST_CASE("-0.0 counts as 0.0", "[columns][quantiles]") {
  const auto found = of_numbers({-0.0, -0.0, 0.0}, {0.5});
  CHECK(std::bit_cast<std::uint64_t>(found[0]) == 0);
}

TEST_CASE("Quartiles of diabetes are NumPy's, and within a rank of scikit-learn's",
          "[columns][quantiles][golden]") {
  const auto data = rig::read_labelled_csv("diabetes");
  if (!data) return;
  static ThreadPool threads(2);
  const auto dataset = rig::table({rig::dense("x", data->features)}, 8);
  const auto found =
      exact_quantiles(TrainingRows(nullptr, threads, dataset, 1), "x", {0.25, 0.5, 0.75});
  REQUIRE(found.size() == tests::golden::kDiabetesMedian.size());
  for (std::size_t j = 0; j < found.size(); ++j) {
    INFO("feature " << j);
    CHECK(found[j].values[0] == tests::golden::kDiabetesLowerQuartile[j]);
    CHECK(found[j].values[1] == tests::golden::kDiabetesMedian[j]);
    CHECK(found[j].values[2] == tests::golden::kDiabetesUpperQuartile[j]);
    std::vector<double> column;
    for (const auto& row : data->features) column.push_back(row[j]);
    std::sort(column.begin(), column.end());
    CHECK(found[j].values[1] <= tests::golden::kDiabetesRobustCenter[j]);
    CHECK(tests::golden::kDiabetesRobustCenter[j] <= column[column.size() / 2]);
  }
}

TEST_CASE("A value can be left out", "[columns][quantiles]") {
  static ThreadPool threads(2);
  const auto dataset = rig::table({rig::numbers("x", {-1, 0, 4, 0, 6, -1, -1})}, 2);
  const TrainingRows fitting(nullptr, threads, dataset, 1);
  const auto found =
      exact_quantiles(fitting, {{"x", {0.5}, -1.0}, {"x", {0, 0.5}, 0.0}, {"x", {0.5}}});
  CHECK(found.at(0).at(0).count == 4);
  CHECK(found.at(0).at(0).values == std::vector<double>{0});
  CHECK(found.at(1).at(0).count == 5);
  CHECK(found.at(1).at(0).values == std::vector<double>{-1, -1});
  CHECK(found.at(2).at(0).values == std::vector<double>{0});
}

TEST_CASE("Zeros of sparse vectors count, stored or not", "[columns][quantiles]") {
  const std::vector<std::vector<double>> rows = {{0, 1, -2}, {0, 0, -3}, {5, 0, 0}, {0, 2, 0}};
  const std::vector<double> p = {0, 0.25, 0.5, 0.75, 1};
  for (const std::size_t partitions : {1, 2, 4}) {
    const auto sparse = quantiles(rig::table({rig::sparse("v", rows)}, partitions), "v", p);
    const auto dense = quantiles(rig::table({rig::dense("v", rows)}, partitions), "v", p);
    REQUIRE(sparse.size() == 3);
    CHECK(sparse[0].values == std::vector<double>{0, 0, 0, 0, 5});
    CHECK(sparse[1].values == std::vector<double>{0, 0, 0, 1, 2});
    CHECK(sparse[2].values == std::vector<double>{-3, -3, -2, 0, 0});
    for (std::size_t f = 0; f < 3; ++f) {
      CHECK(sparse[f].count == 4);
      CHECK(dense[f].values == sparse[f].values);
    }
  }
}

TEST_CASE("Sparse vectors may lack trailing zeros, but have no index too many",
          "[columns][quantiles]") {
  SparseBuilder builder(2);
  builder.push(1, 3);
  builder.end_row();
  auto dataset = rig::table({{"v", vector_type(std::size_t{4}), std::move(builder).finish()}});
  const auto found = quantiles(dataset, "v", {1});
  REQUIRE(found.size() == 4);
  CHECK(found[1].values == std::vector<double>{3});
  CHECK(found[3].values == std::vector<double>{0});
  dataset.schema.add("v", vector_type(std::size_t{1}));
  CHECK_THROWS_WITH(quantiles(dataset, "v", {1}), has_text("index 1"));
}

TEST_CASE("Quantiles agree with sorting, however the rows are cut",
          "[columns][quantiles][property]") {
  const auto seed = GENERATE(1, 2, 3, 4);
  Draws draws{static_cast<std::uint64_t>(seed)};
  std::vector<double> values;
  for (std::size_t i = 0; i < 2000; ++i) {
    const double any = std::bit_cast<double>(draws.next());  // of any size
    values.push_back(seed == 1            ? static_cast<double>(draws.below(5)) - 2
                     : std::isfinite(any) ? any
                                          : 0);
  }
  const auto expected = by_sorting(values, kMany);
  for (const std::size_t partitions : {1, 2, 7, 64})
    CHECK(of_numbers(values, kMany, partitions) == expected);
}

TEST_CASE("Columns too large to be collected are narrowed down", "[columns][quantiles][property]") {
  const std::string kind = GENERATE("spread", "close", "ties");
  Draws draws{7};
  std::vector<double> values;
  for (std::size_t i = 0; i < 1500000; ++i) {
    const auto draw = static_cast<double>(draws.next() >> 11) * 0x1p-53;
    if (kind == "spread") values.push_back((draw - 0.25) * 1e9);
    if (kind == "close") values.push_back(1 + draw * 1e-10);
    if (kind == "ties") values.push_back(std::floor(draw * 3) + 1 + (i % 1000 == 0 ? 0.5 : 0));
  }
  const auto expected = by_sorting(values, kMany);
  CHECK(of_numbers(values, kMany, 3) == expected);
  CHECK(of_numbers(values, kMany, 8) == expected);
}

TEST_CASE("All features of wide sparse vectors at once", "[columns][quantiles][property]") {
  constexpr std::size_t kRows = 10000, kWidth = 784, kEach = 150;
  Draws draws{11};
  SparseBuilder builder(kWidth);
  std::vector<std::vector<double>> columns(kWidth);
  for (std::size_t row = 0; row < kRows; ++row) {
    std::size_t index = draws.below(kWidth - 5 * kEach);
    for (std::size_t i = 0; i < kEach && index < kWidth; ++i, index += 1 + draws.below(9)) {
      const double value = draws.below(3) == 0 ? 255 : static_cast<double>(1 + draws.below(254));
      builder.push(index, value);
      columns[index].push_back(value);
    }
    builder.end_row();
  }
  const auto dataset = rig::table({{"v", vector_type(kWidth), std::move(builder).finish()}}, 16);
  const auto found = quantiles(dataset, "v", {0.25, 0.5, 0.75, 0.9, 0.95});
  REQUIRE(found.size() == kWidth);
  bool same = true;
  for (std::size_t f = 0; f < kWidth; ++f) {
    columns[f].resize(kRows);
    same = same && found[f].count == kRows &&
           found[f].values == by_sorting(columns[f], {0.25, 0.5, 0.75, 0.9, 0.95});
  }
  CHECK(same);
}

}  // namespace lockstep::data
