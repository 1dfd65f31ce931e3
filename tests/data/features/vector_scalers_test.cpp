#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/random.hpp"
#include "data/features/catalogue.hpp"
#include "data/features/vectors/vector_stage.hpp"
#include "data/jobs/moments.hpp"
#include "tests/data/features/numeric_csv.hpp"
#include "tests/parity/golden/features.hpp"

namespace lockstep::data {
namespace {

using rig::apply_to;
using rig::check_close;
using rig::Rows;
using rig::xy;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Rows column_of(const std::vector<double>& values) {
  Rows rows;
  for (const double value : values) rows.push_back({value});
  return rows;
}

Moments moments(const Dataset& dataset) {
  static ThreadPool threads(2);
  const std::size_t width = dataset.schema.at("x", "").shape.size();
  return TrainingRows(nullptr, threads, dataset, 1).run(MomentsJob("x", width, "x"));
}

Rows random_rows(std::size_t count, std::size_t width) {
  const Random random(7, Purpose::Test);
  Rows rows(count, std::vector<double>(width));
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = 0; j < width; ++j)
      if (random.uniform(2 * (i * width + j)) < 0.4f)
        rows[i][j] = random.normal(2 * (i * width + j) + 1);
  return rows;
}

const std::vector<std::string> kScalers = {
    xy("standard_scaler"), xy("standard_scaler", "with_mean: true"),
    xy("min_max_scaler"),  xy("max_abs_scaler"),
    xy("robust_scaler"),
};

}  // namespace

// ---- moments

TEST_CASE("Moments of sparse rows are those of dense rows, cut as you like", "[vectors][moments]") {
  const Rows rows = random_rows(50, 4);
  const Moments expected = moments(rig::table({rig::dense("x", rows)}));
  for (const std::size_t partitions : {1, 2, 7, 60}) {
    for (const auto& column : {rig::dense("x", rows), rig::sparse("x", rows)}) {
      const Moments found = moments(rig::table({column}, partitions));
      CHECK(found.rows == 50);
      check_close(found.mean, expected.mean);
      check_close(found.m2, expected.m2);
      CHECK(found.min == expected.min);
      CHECK(found.max == expected.max);
    }
  }
}

TEST_CASE("Moments keep the digits of a small spread around a large mean", "[vectors][moments]") {
  const Rows rows = column_of({1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16});
  for (const std::size_t partitions : {1, 2, 4}) {
    const Moments found = moments(rig::table({rig::dense("x", rows)}, partitions));
    CHECK(found.sample_variance(0) == Approx(30.0).epsilon(1e-12));
    CHECK(found.mean[0] == 1e9 + 10);
  }
}

TEST_CASE("A feature with one value has exactly no variance", "[vectors][moments]") {
  const Rows rows(1001, {0.1, -0.7});
  const Moments found = moments(rig::table({rig::dense("x", rows)}, 10));
  CHECK(found.mean == std::vector<double>{0.1, -0.7});
  CHECK(found.m2 == std::vector<double>{0, 0});
}

TEST_CASE("Moments: NaN makes mean and variance NaN, the extremes pass over it",
          "[vectors][moments]") {
  const auto found =
      moments(rig::table({rig::dense("x", {{1, kNaN}, {kNaN, kNaN}, {3, kNaN}})}, 3));
  CHECK(std::isnan(found.mean[0]));
  CHECK(std::isnan(found.sample_variance(0)));
  CHECK(found.min[0] == 1);
  CHECK(found.max[0] == 3);
  CHECK(found.has_values(0));
  CHECK_FALSE(found.has_values(1));
}

TEST_CASE("Moments of one row: variance 0", "[vectors][moments]") {
  CHECK(moments(rig::table({rig::dense("x", {{5}})})).sample_variance(0) == 0);
}

// ---- StandardScaler

TEST_CASE("StandardScaler divides by the sample deviation and centres when told",
          "[vectors][standard_scaler]") {
  const Rows rows = column_of({1, 2, 4});
  check_close(apply_to(xy("standard_scaler"), rows),
              column_of({.6546536707, 1.3093073414, 2.6186146828}));
  check_close(apply_to(xy("standard_scaler", "with_mean: true"), rows),
              column_of({-.8728715609, -.2182178902, 1.0910894512}));
  check_close(apply_to(xy("standard_scaler", "with_mean: true with_std: false"), rows),
              column_of({-4.0 / 3, -1.0 / 3, 5.0 / 3}));
  CHECK(apply_to(xy("standard_scaler", "with_std: false"), rows) == rows);
  const auto model = rig::fitted(xy("standard_scaler"), rig::table({rig::dense("x", rows)}));
  check_close({model.standard_scaler().model().mean(0)}, {2.3333333333});
  check_close({model.standard_scaler().model().std(0)}, {1.5275252317});
}

TEST_CASE("StandardScaler makes a constant feature 0, centred or not",
          "[vectors][standard_scaler]") {
  const Rows rows = {{0.1, 1}, {0.1, 2}, {0.1, 4}};
  for (const char* centred : {"", "with_mean: true"}) {
    for (const auto& row : apply_to(xy("standard_scaler", centred), rows)) CHECK(row[0] == 0);
  }
}

TEST_CASE("StandardScaler: a NaN in training poisons its feature only",
          "[vectors][standard_scaler]") {
  const auto rows = apply_to(xy("standard_scaler"), {{1, 1}, {kNaN, 2}, {4, 4}});
  CHECK(std::isnan(rows[0][0]));
  CHECK(std::isnan(rows[2][0]));
  check_close(std::vector{rows[0][1], rows[2][1]}, {.6546536707, 2.6186146828});
}

TEST_CASE("StandardScaler keeps sparse rows sparse unless it centres",
          "[vectors][standard_scaler]") {
  const Rows rows = {{0, 1}, {2, 0}, {0, 0}};
  CHECK(rig::stays_sparse(xy("standard_scaler"), rows));
  CHECK_FALSE(rig::stays_sparse(xy("standard_scaler", "with_mean: true"), rows));
}

TEST_CASE("StandardScaler finds scikit-learn's means and scales of breast_cancer",
          "[vectors][standard_scaler][golden]") {
  const auto data = rig::read_labelled_csv("breast_cancer");
  if (!data) return;
  const auto message =
      rig::fitted(xy("standard_scaler"), rig::table({rig::dense("x", data->features)}, 8));
  const auto& model = message.standard_scaler().model();
  check_close({model.mean().data(), 30}, tests::golden::kCancerMean);
  std::vector<double> population;
  for (const double deviation : model.std())
    population.push_back(deviation * std::sqrt(568.0 / 569));
  check_close(population, tests::golden::kCancerPopulationScale);
  check_close({model.mean(0), model.mean(1), model.mean(2)},
              {14.12729174, 19.28964851, 91.96903339});
  check_close({model.std(0), model.std(1), model.std(2)}, {3.52404883, 4.30103577, 24.29898104},
              3e-9);
}

TEST_CASE("The datasets are those of the golden numbers, seen through the moments",
          "[vectors][moments][golden]") {
  struct Expected {
    const char* name;
    std::size_t rows, features;
    double sum, squares;
  };
  for (const Expected& e : {Expected{"breast_cancer", 569, 30, 1056474.46, 955069324.1},
                            {"iris", 150, 4, 2078.7, 9539.29},
                            {"wine", 178, 13, 159975.296, 118768104.8},
                            {"digits", 1797, 64, 561718, 6907012},
                            {"diabetes", 442, 10, 276404.2336, 33042240.4}}) {
    const auto data = rig::read_labelled_csv(e.name);
    if (!data) continue;
    INFO(e.name);
    const Moments found = moments(rig::table({rig::sparse("x", data->features)}, 5));
    REQUIRE(found.rows == e.rows);
    REQUIRE(found.width() == e.features);
    const auto n = static_cast<double>(found.rows);
    double sum = 0, squares = 0;
    for (std::size_t j = 0; j < found.width(); ++j) {
      sum += n * found.mean[j];
      squares += found.m2[j] + n * found.mean[j] * found.mean[j];
    }
    CHECK(sum == Approx(e.sum).epsilon(1e-9));
    CHECK(squares == Approx(e.squares).epsilon(1e-9));
  }
}

// ---- MinMaxScaler, MaxAbsScaler

TEST_CASE("MinMaxScaler maps the range, a constant feature to the middle",
          "[vectors][min_max_scaler]") {
  check_close(apply_to(xy("min_max_scaler"), column_of({1, 2, 4})), column_of({0, 1.0 / 3, 1}));
  check_close(apply_to(xy("min_max_scaler", "min: -1 max: 1"), column_of({1, 2, 4})),
              column_of({-1, -1.0 / 3, 1}));
  CHECK(apply_to(xy("min_max_scaler"), column_of({7, 7})) == column_of({.5, .5}));
  CHECK(apply_to(xy("min_max_scaler", "min: 2 max: 6"), column_of({7})) == column_of({4}));
}

TEST_CASE("MinMaxScaler passes over NaN in fit, keeps it, and does not cut",
          "[vectors][min_max_scaler]") {
  const auto rows = apply_to(xy("min_max_scaler"), {{1, 3}, {kNaN, 3}, {5, kNaN}});
  CHECK(rows[0] == std::vector<double>{0, .5});
  CHECK(std::isnan(rows[1][0]));
  CHECK(rows[2][0] == 1);
  CHECK(std::isnan(rows[2][1]));
  const auto model =
      rig::fitted(xy("min_max_scaler"), rig::table({rig::dense("x", column_of({0, 2}))}));
  CHECK(rig::transformed(model, rig::table({rig::dense("x", column_of({-1, 3}))}), "y") ==
        column_of({-.5, 1.5}));
}

TEST_CASE("MinMaxScaler stays sparse only where zeros stay zeros", "[vectors][min_max_scaler]") {
  CHECK(rig::stays_sparse(xy("min_max_scaler"), {{0, 4}, {2, 0}}));
  CHECK_FALSE(rig::stays_sparse(xy("min_max_scaler"), {{0, -4}, {2, 0}}));
  CHECK_FALSE(rig::stays_sparse(xy("min_max_scaler"), {{0, 4}, {0, 0}}));  // becomes the middle
  CHECK_FALSE(rig::stays_sparse(xy("min_max_scaler", "min: 1 max: 2"), {{0, 4}, {2, 0}}));
}

TEST_CASE("MinMaxScaler wants min below max", "[vectors][min_max_scaler]") {
  CHECK_THROWS_WITH(make_feature_stage(rig::stage(xy("min_max_scaler", "min: 1")), "stage[0]"),
                    has_text("min is 1, max is 1"));
}

TEST_CASE("MaxAbsScaler divides by the largest absolute value", "[vectors][max_abs_scaler]") {
  CHECK(apply_to(xy("max_abs_scaler"), column_of({-4, 2, 1})) == column_of({-1, .5, .25}));
  CHECK(apply_to(xy("max_abs_scaler"), column_of({0, 0})) == column_of({0, 0}));
  CHECK(rig::stays_sparse(xy("max_abs_scaler"), {{0, -4}, {2, 0}}));
  const auto rows = apply_to(xy("max_abs_scaler"), column_of({kNaN, 2, -1}));
  CHECK(std::isnan(rows[0][0]));
  CHECK(rows[1][0] == 1);
}

TEST_CASE("A feature without any value is an error that names it", "[vectors]") {
  for (const char* name : {"min_max_scaler", "max_abs_scaler", "robust_scaler"}) {
    INFO(name);
    auto dataset = rig::table({rig::dense("x", {{1, kNaN}, {2, kNaN}})});
    CHECK_THROWS_WITH(rig::fitted(xy(name), dataset), "feature 1 ('x_1') has no value in any row");
  }
}

// ---- RobustScaler

TEST_CASE("RobustScaler goes by quantiles that are values of the data",
          "[vectors][robust_scaler]") {
  const Rows rows = column_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 100});
  CHECK(apply_to(xy("robust_scaler"), rows)[9][0] == 20);
  const Rows centred = apply_to(xy("robust_scaler", "with_centering: true"), rows);
  CHECK(centred[9][0] == 19);
  CHECK(centred[4][0] == 0);
  CHECK(apply_to(xy("robust_scaler", "with_centering: true with_scaling: false"), rows)[0][0] ==
        -4);
  const auto model = rig::fitted(xy("robust_scaler"), rig::table({rig::dense("x", rows)}, 4));
  CHECK(model.robust_scaler().model().range(0) == 5);
  CHECK(model.robust_scaler().model().median(0) == 5);
}

TEST_CASE("RobustScaler: a range of 0 gives 0, NaN is passed over", "[vectors][robust_scaler]") {
  const Rows rows = {{7, 1}, {7, kNaN}, {7, 2}, {7, 3}, {8, 4}};
  const Rows scaled = apply_to(xy("robust_scaler"), rows);
  for (const auto& row : scaled) CHECK(row[0] == 0);
  CHECK(scaled[4][1] == 2);  // 4 / (3 - 1)
  CHECK(std::isnan(scaled[1][1]));
}

TEST_CASE("RobustScaler stays sparse unless it centres; implicit zeros are values",
          "[vectors][robust_scaler]") {
  const Rows rows = {{0, 1}, {0, 2}, {4, 0}, {8, 0}};
  CHECK(rig::stays_sparse(xy("robust_scaler"), rows));
  CHECK_FALSE(rig::stays_sparse(xy("robust_scaler", "with_centering: true"), rows));
  CHECK(apply_to(xy("robust_scaler"), rows)[3][0] == 2);  // 8 / (4 - 0)
}

TEST_CASE("RobustScaler finds the quantiles of wine's proline",
          "[vectors][robust_scaler][golden]") {
  const auto data = rig::read_labelled_csv("wine");
  if (!data) return;
  const auto message =
      rig::fitted(xy("robust_scaler"), rig::table({rig::dense("x", data->features)}, 4));
  CHECK(message.robust_scaler().model().range(12) == 985 - 500);
  CHECK(message.robust_scaler().model().median(12) == 672);
}

TEST_CASE("RobustScaler wants lower below upper", "[vectors][robust_scaler]") {
  CHECK_THROWS_AS(make_feature_stage(rig::stage(xy("robust_scaler", "lower: 0.8")), "stage[0]"),
                  ConfigError);
}

// ---- Normalizer, ElementwiseProduct

TEST_CASE("Normalizer divides each row by its norm", "[vectors][normalizer]") {
  const Rows rows = {{3, -4}, {0, 0}};
  check_close(apply_to(xy("normalizer"), rows), {{.6, -.8}, {0, 0}});
  check_close(apply_to(xy("normalizer", "p: 1"), rows), {{3.0 / 7, -4.0 / 7}, {0, 0}});
  check_close(apply_to(xy("normalizer", "p: inf"), rows), {{.75, -1}, {0, 0}});
  const double norm3 = std::cbrt(27.0 + 64.0);
  check_close(apply_to(xy("normalizer", "p: 3"), rows), {{3 / norm3, -4 / norm3}, {0, 0}}, 1e-14);
  CHECK(rig::stays_sparse(xy("normalizer"), rows));
}

TEST_CASE("Normalizer: a NaN spreads over its row, not over the next", "[vectors][normalizer]") {
  for (const char* p : {"p: 1", "p: 2", "p: 2.5", "p: inf"}) {
    INFO(p);
    const auto rows = apply_to(xy("normalizer", p), {{kNaN, 3, 9}, {0, 0, 5}});
    for (const double value : rows[0]) CHECK(std::isnan(value));
    CHECK(rows[1] == std::vector<double>{0, 0, 1});
  }
}

TEST_CASE("Normalizer wants p of at least 1", "[vectors][normalizer]") {
  for (const char* p : {"p: 0.5", "p: nan"})
    CHECK_THROWS_AS(make_feature_stage(rig::stage(xy("normalizer", p)), "stage[0]"), ConfigError);
}

TEST_CASE("ElementwiseProduct multiplies number by number", "[vectors][elementwise_product]") {
  const std::string config = xy("elementwise_product", "scaling_vec: [2, 0, -1]");
  CHECK(apply_to(config, {{1, 2, 3}, {0, 5, 0}}) == Rows{{2, 0, -3}, {0, 0, 0}});
  CHECK(rig::stays_sparse(config, {{1, 0, 3}}));
  CHECK_THROWS_AS(make_feature_stage(rig::stage(xy("elementwise_product")), "stage[0]"),
                  ConfigError);
  const auto stage = make_feature_stage(rig::stage(config), "stage[0]");
  CHECK_THROWS_WITH(stage->output_schema(rig::table({rig::dense("x", {{1, 2}})}).schema),
                    has_text("the vectors of 'x' have 2 numbers, not 3"));
}

// ---- all of them

TEST_CASE("A fitted vector stage checks the width of what it is given", "[vectors]") {
  for (const std::string& config : kScalers) {
    INFO(config);
    const auto model = rig::fitted(config, rig::table({rig::dense("x", {{1, 2}, {3, 5}})}));
    const auto stage = make_feature_stage(model, "stage[0]");
    auto wide = rig::table({rig::dense("x", {{1, 2, 3}})});
    CHECK_THROWS_AS(stage->output_schema(wide.schema), ConfigError);
    CHECK_THROWS_WITH(stage->transform(wide.own[0], Phase::Scoring),
                      begins_with("row 1 (counted from 1) has 3 numbers, but a vector has 2 here"));
    auto far = rig::table({rig::sparse("x", {{1, 2, 0}, {1, 2, 3}})});
    CHECK_THROWS_WITH(stage->transform(far.own[0], Phase::Scoring),
                      begins_with("row 2 (counted from 1) has the index 2 (from 0)"));
  }
}

TEST_CASE("Sparse rows of open width may be narrower than those of the training", "[vectors]") {
  for (const std::string& config : kScalers) {
    INFO(config);
    const Rows rows = {{1, 2, 0}, {3, 5, 0}, {2, 0, 4}};
    const auto model = rig::fitted(config, rig::table({rig::dense("x", rows)}));
    auto narrow = rig::sparse("x", {{1, 2}});
    narrow.type.open_width = true;
    const auto whole = rig::transformed(model, rig::table({rig::dense("x", {{1, 2, 0}})}), "y");
    CHECK(rig::transformed(model, rig::table({narrow}), "y") == whole);
    const auto stage = make_feature_stage(model, "stage[0]");
    CHECK(stage->output_schema(rig::table({narrow}).schema).at("y", "").shape == Shape{3});
  }
}

TEST_CASE("A stage that learns wants rows, and a new output column", "[vectors]") {
  for (const std::string& config : kScalers) {
    INFO(config);
    CHECK_THROWS_WITH(rig::fitted(config, rig::table({rig::dense("x", {})})),
                      has_text("there are no rows to learn from"));
    const auto stage = make_feature_stage(rig::stage(config), "stage[0]");
    CHECK_FALSE(stage->is_fitted());
    const auto taken = rig::table({rig::dense("x", {{1}}), rig::dense("y", {{1}})});
    CHECK_THROWS_AS(stage->output_schema(taken.schema), ConfigError);
    CHECK_THROWS_AS(stage->output_schema(rig::table({rig::numbers("x", {1})}).schema), ConfigError);
  }
}

TEST_CASE("A scaled feature keeps its name and is no category any more", "[vectors]") {
  auto column = rig::dense("x", {{0, 1}, {2, 3}});
  column.type =
      vector_type(std::vector<Feature>{{"colour", Feature::Kind::Nominal, 3, {"r", "g", "b"}},
                                       {"size", Feature::Kind::Numeric, 0, {}}});
  for (const std::string& config : kScalers) {
    const auto features = *rig::apply(config, rig::table({column})).schema.at("y", "").features;
    CHECK(features == std::vector<Feature>{numeric_feature("colour"), numeric_feature("size")});
  }
}

TEST_CASE("A partition without rows goes through every scaler", "[vectors]") {
  for (const std::string& config : kScalers) {
    INFO(config);
    const auto out = rig::apply(config, rig::table({rig::dense("x", {{1, 2}, {3, 4}})}, 5));
    CHECK(rig::vectors(out, "y").size() == 2);
  }
}

TEST_CASE("A model that is damaged is refused", "[vectors]") {
  CHECK_THROWS_WITH(
      make_feature_stage(rig::stage(xy("standard_scaler", "model { mean: [1, 2] std: 3 }")), "s"),
      has_text("the lists of the model do not fit together"));
}

}  // namespace lockstep::data
