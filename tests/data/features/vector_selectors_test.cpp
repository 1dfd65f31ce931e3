#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "data/features/catalogue.hpp"
#include "data/features/vectors/distributions.hpp"
#include "data/features/vectors/feature_tests.hpp"
#include "data/features/vectors/univariate_feature_selector.hpp"
#include "tests/data/features/numeric_csv.hpp"
#include "tests/parity/golden/features.hpp"

namespace lockstep::data {
namespace {

using rig::check_close;
using rig::Rows;
using Mode = proto::UnivariateFeatureSelector;
using Indices = std::vector<std::uint32_t>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

using TestAll = std::vector<FeatureTest> (*)(const TrainingRows&, const TestedColumns&);

std::vector<FeatureTest> test(TestAll all, const rig::TableColumn& features,
                              const std::vector<double>& labels, std::size_t partitions = 1) {
  static ThreadPool threads(2);
  const auto dataset = rig::table({features, rig::numbers("label", labels)}, partitions);
  const TestedColumns columns{features.name, "label", features.type.shape.size(), "x", "label"};
  return all(TrainingRows(nullptr, threads, dataset, 1), columns);
}

/// Dense and sparse rows, cut in several ways, must give the same.
std::vector<FeatureTest> test_rows(TestAll all, const Rows& rows,
                                   const std::vector<double>& labels) {
  const auto expected = test(all, rig::dense("x", rows), labels);
  for (const std::size_t partitions : {1, 3, 7}) {
    for (const auto& column : {rig::dense("x", rows), rig::sparse("x", rows)}) {
      const auto found = test(all, column, labels, partitions);
      REQUIRE(found.size() == expected.size());
      for (std::size_t j = 0; j < found.size(); ++j) {
        CHECK(found[j].statistic == Approx(expected[j].statistic).epsilon(1e-10).margin(1e-12));
        CHECK(found[j].p_value == Approx(expected[j].p_value).epsilon(1e-9));
        CHECK(found[j].dof == expected[j].dof);
      }
    }
  }
  return expected;
}

std::vector<double> statistics(const std::vector<FeatureTest>& tests) {
  std::vector<double> all;
  for (const auto& t : tests) all.push_back(t.statistic);
  return all;
}
std::vector<double> p_values(const std::vector<FeatureTest>& tests) {
  std::vector<double> all;
  for (const auto& t : tests) all.push_back(t.p_value);
  return all;
}

std::vector<FeatureTest> with_p(const std::vector<double>& p) {
  std::vector<FeatureTest> tests;
  for (const double value : p) tests.push_back({1, value, 1});
  return tests;
}

std::string selector(const std::string& rest) {
  return "univariate_feature_selector { features_col: 'x' output_col: 'y' " + rest + " }";
}
std::string threshold(const std::string& rest = "") {
  return "variance_threshold_selector { features_col: 'x' output_col: 'y' " + rest + " }";
}

}  // namespace

// ---- distributions

TEST_CASE("Tail probabilities of chi-squared and F", "[vectors][distributions]") {
  CHECK(chi_squared_survival(6.6666666667, 1) == Approx(.0098232745).epsilon(1e-8));
  CHECK(f_survival(13, 2, 6) == Approx(.0065917969).epsilon(1e-8));
  CHECK(f_survival(4.4814814815, 1, 2) == Approx(.1684781594).epsilon(1e-8));
  CHECK(chi_squared_survival(0, 3) == 1);
  CHECK(chi_squared_survival(5, 0) == 1);
  CHECK(f_survival(0, 2, 6) == 1);
  CHECK(f_survival(5, 0, 6) == 1);
  CHECK(chi_squared_survival(kInfinity, 3) == 0);
  CHECK(f_survival(kInfinity, 3, 4) == 0);
  CHECK(chi_squared_survival(1e6, 3) >= 0);
  CHECK(f_survival(1e300, 3, 400) >= 0);
}

// ---- tests

TEST_CASE("Chi-squared of a table of two by two", "[vectors][feature_tests]") {
  Rows rows;
  std::vector<double> labels;
  const int counts[2][2] = {{10, 20}, {20, 10}};
  for (int value = 0; value < 2; ++value) {
    for (int label = 0; label < 2; ++label) {
      for (int i = 0; i < counts[value][label]; ++i) {
        rows.push_back({static_cast<double>(value), 3, value - 0.5});
        labels.push_back(label);
      }
    }
  }
  const auto tests = test_rows(chi_squared_tests, rows, labels);
  check_close(statistics(tests), {6.6666666667, 0, 6.6666666667});
  check_close(p_values(tests), {.0098232745, 1, .0098232745}, 1e-8);
  CHECK(tests[0].dof == 1);
}

TEST_CASE("Analysis of variance of three groups", "[vectors][feature_tests]") {
  const Rows rows = {{1}, {2}, {3}, {2}, {3}, {4}, {5}, {6}, {7}};
  const auto tests = test_rows(anova_tests, rows, {0, 0, 0, 1, 1, 1, 2, 2, 2});
  check_close(statistics(tests), {13});
  check_close(p_values(tests), {.0065917969}, 1e-8);
}

TEST_CASE("F test of a regression", "[vectors][feature_tests]") {
  const auto tests = test_rows(regression_tests, {{1}, {2}, {3}, {4}}, {1, 3, 2, 5});
  check_close(statistics(tests), {4.4814814815});
  check_close(p_values(tests), {.1684781594}, 1e-8);
}

TEST_CASE("A feature that does not vary says nothing, a perfect one all",
          "[vectors][feature_tests]") {
  const Rows rows = {{0.1, 1}, {0.1, 1}, {0.1, 5}, {0.1, 5}};
  for (const TestAll all : {anova_tests, regression_tests}) {
    const auto tests = test_rows(all, rows, {0, 0, 1, 1});
    CHECK(tests[0].statistic == 0);
    CHECK(tests[0].p_value == 1);
    CHECK(tests[1].statistic == kInfinity);
    CHECK(tests[1].p_value == 0);
    CHECK(test_rows(all, rows, {3, 3, 3, 3})[1].p_value == 1);  // the label does not vary
  }
  CHECK(test_rows(chi_squared_tests, rows, {3, 3, 3, 3})[1].p_value == 1);
}

TEST_CASE("Groups with large means keep their digits", "[vectors][feature_tests]") {
  Rows rows = {{1, 1}, {2, 3}, {3, 2}, {2, 5}, {3, 4}, {4, 7}};
  const std::vector<double> labels = {0, 0, 0, 1, 1, 1};
  for (const TestAll all : {anova_tests, regression_tests}) {
    const auto expected = test_rows(all, rows, labels);
    Rows far = rows;
    for (auto& row : far) row[0] += 1e8;
    check_close(statistics(test_rows(all, far, labels)), statistics(expected), 1e-10);
  }
}

TEST_CASE("Feature tests give the golden numbers of the datasets",
          "[vectors][feature_tests][golden]") {
  if (const auto iris = rig::read_labelled_csv("iris")) {
    check_close(statistics(test_rows(anova_tests, iris->features, iris->labels)),
                {119.26450218, 49.16004009, 1180.16118225, 960.0071468});
    const auto chi = test_rows(chi_squared_tests, iris->features, iris->labels);
    check_close(statistics(chi), {156.266667, 89.546287, 271.8, 271.75}, 5e-9);
    CHECK(std::vector{chi[0].dof, chi[1].dof, chi[2].dof, chi[3].dof} ==
          std::vector<double>{68, 44, 84, 42});
  }
  if (const auto diabetes = rig::read_labelled_csv("diabetes")) {
    const auto tests = test_rows(regression_tests, diabetes->features, diabetes->labels);
    check_close(statistics(tests),
                {16.10137401, .81742349, 230.65376449, 106.52013086, 20.71056745, 13.74607917,
                 81.23965868, 100.06926441, 207.27119362, 75.39968320},
                1e-8);
    CHECK(choose_features(tests, Mode::NUM_TOP_FEATURES, 3) == Indices{2, 3, 8});
    CHECK(choose_features(tests, Mode::NUM_TOP_FEATURES, 1) == Indices{2});
    CHECK(choose_features(tests, Mode::NUM_TOP_FEATURES, 2) == Indices{2, 8});
  }
}

TEST_CASE("Feature tests give the numbers of scikit-learn", "[vectors][feature_tests][golden]") {
  if (const auto data = rig::read_labelled_csv("breast_cancer")) {
    const auto tests = test(anova_tests, rig::dense("x", data->features), data->labels, 8);
    check_close(statistics(tests), tests::golden::kCancerAnovaF, 1e-9);
    check_close(p_values(tests), tests::golden::kCancerAnovaP, 1e-9, 0);
  }
  if (const auto data = rig::read_labelled_csv("diabetes")) {
    const auto tests = test(regression_tests, rig::dense("x", data->features), data->labels, 8);
    check_close(statistics(tests), tests::golden::kDiabetesRegressionF, 1e-9);
    check_close(p_values(tests), tests::golden::kDiabetesRegressionP, 1e-9, 0);
  }
}

TEST_CASE("Feature tests name the row that cannot be tested", "[vectors][feature_tests]") {
  for (const TestAll all : {chi_squared_tests, anova_tests, regression_tests}) {
    const auto run = [&](const Rows& rows, const std::vector<double>& labels) {
      return test(all, rig::dense("x", rows), labels);
    };
    CHECK_THROWS_WITH(run({{1}, {2}}, {1, kMissing}),
                      has_text("row 2 (counted from 1) has no label"));
    CHECK_THROWS_WITH(run({{1}, {2}}, {kNaN, 1}),
                      has_text("row 1 (counted from 1) has the label nan"));
    CHECK_THROWS_WITH(run({{1}, {kNaN}}, {0, 1}),
                      has_text("row 2 (counted from 1) has the value nan at index 0"));
  }
}

TEST_CASE("A category column has at most 10000 values", "[vectors][feature_tests]") {
  Rows rows;
  std::vector<double> labels, groups;
  for (int i = 0; i < 10001; ++i) {
    rows.push_back({static_cast<double>(i)});
    labels.push_back(i);
    groups.push_back(i % 2);
  }
  CHECK_THROWS_WITH(test(chi_squared_tests, rig::dense("x", rows), groups),
                    has_text("feature 0 (from 0) has more than 10000 different values"));
  CHECK_THROWS_WITH(test(anova_tests, rig::dense("x", rows), labels, 2),
                    has_text("the label has more than 10000 different values"));
  rows.pop_back();
  groups.pop_back();
  CHECK_NOTHROW(test(chi_squared_tests, rig::dense("x", rows), groups));
}

// ---- choosing

TEST_CASE("Selection modes", "[vectors][univariate_feature_selector]") {
  const auto tests = with_p({.01, .02, .03, .5});
  CHECK(choose_features(tests, Mode::FPR, .05) == Indices{0, 1, 2});
  CHECK(choose_features(tests, Mode::FWE, .05) == Indices{0});
  CHECK(choose_features(tests, Mode::FDR, .05) == Indices{0, 1, 2});
  CHECK(choose_features(tests, Mode::PERCENTILE, .5) == Indices{0, 1});
  CHECK(choose_features(tests, Mode::PERCENTILE, .7) == Indices{0, 1});
  CHECK(choose_features(tests, Mode::NUM_TOP_FEATURES, 50) == Indices{0, 1, 2, 3});
  CHECK(choose_features(tests, Mode::FPR, .01).empty());  // below, not at
  CHECK(choose_features({}, Mode::FDR, .05).empty());
}

TEST_CASE("Benjamini-Hochberg keeps what a later rank saves",
          "[vectors][univariate_feature_selector]") {
  CHECK(choose_features(with_p({.04, .04, .04, .04}), Mode::FDR, .05) == Indices{0, 1, 2, 3});
  CHECK(choose_features(with_p({.04, .9, .9, .9}), Mode::FDR, .05).empty());
}

TEST_CASE("Equal p-values are ranked by statistic, then by index",
          "[vectors][univariate_feature_selector]") {
  const std::vector<FeatureTest> tests = {{100, 0, 1}, {300, 0, 1}, {300, 0, 1}, {1, .5, 1}};
  CHECK(choose_features(tests, Mode::NUM_TOP_FEATURES, 1) == Indices{1});
  CHECK(choose_features(tests, Mode::NUM_TOP_FEATURES, 2) == Indices{1, 2});
}

TEST_CASE("UnivariateFeatureSelector keeps the order of the features, and their names",
          "[vectors][univariate_feature_selector]") {
  const Rows rows = {{9, 1, 0, 0}, {1, 1, 0, 1}, {5, 1, 3, 6}, {4, 1, 3, 7}};
  const std::string config =
      selector("feature_type: CONTINUOUS label_type: CATEGORICAL selection_threshold: 2");
  const auto labels = rig::numbers("label", {0, 0, 1, 1});
  for (auto column : {rig::dense("x", rows), rig::sparse("x", rows)}) {
    const auto out = rig::apply(config, rig::table({column, labels}, 2));
    CHECK(rig::vectors(out, "y") == Rows{{0, 0}, {0, 1}, {3, 6}, {3, 7}});
    CHECK(out.own[0].column("y").index() == column.column.index());
    const auto features = features_of("y", out.schema.at("y", ""));
    CHECK(features[0].name == "x_2");
    CHECK(features[1].name == "x_3");
  }
}

TEST_CASE("UnivariateFeatureSelector needs no label once it is fitted",
          "[vectors][univariate_feature_selector]") {
  const std::string config =
      selector("feature_type: CONTINUOUS label_type: CONTINUOUS selection_threshold: 1");
  const auto model = rig::fitted(config, rig::table({rig::dense("x", {{1, 5}, {2, 1}, {3, 4}}),
                                                     rig::numbers("label", {1, 2, 4})}));
  const auto stage = make_feature_stage(model, "stage[0]");
  const auto unlabelled = rig::table({rig::dense("x", {{7, 8}})});
  CHECK(stage->input_columns() == std::vector<std::string>{"x"});
  CHECK_NOTHROW(stage->output_schema(unlabelled.schema));
  CHECK(rig::transformed(model, unlabelled, "y") == Rows{{7}});
  CHECK_THROWS_AS(make_feature_stage(rig::stage(config), "s")->output_schema(unlabelled.schema),
                  ConfigError);
}

TEST_CASE("A selection may be empty", "[vectors][univariate_feature_selector]") {
  const auto out = rig::apply(
      selector("feature_type: CATEGORICAL label_type: CATEGORICAL selection_mode: FPR"),
      rig::table({rig::sparse("x", {{1}, {1}, {2}, {2}}), rig::numbers("label", {0, 1, 0, 1})}));
  CHECK(rig::vectors(out, "y") == Rows(4));
  CHECK(out.schema.at("y", "").shape == Shape{0});
}

TEST_CASE("UnivariateFeatureSelector refuses what does not go together",
          "[vectors][univariate_feature_selector]") {
  const auto make = [](const std::string& rest) {
    return make_feature_stage(rig::stage(selector(rest)), "stage[0]");
  };
  const std::string types = "feature_type: CONTINUOUS label_type: CATEGORICAL ";
  CHECK_THROWS_WITH(make("feature_type: CATEGORICAL label_type: CONTINUOUS"),
                    has_text("no test of categories against a continuous label"));
  CHECK_THROWS_AS(make(types + "selection_threshold: 0.5"), ConfigError);
  CHECK_THROWS_AS(make(types + "selection_mode: FPR selection_threshold: 2"), ConfigError);
  CHECK_NOTHROW(make(types));
}

TEST_CASE("The default threshold depends on the mode", "[vectors][univariate_feature_selector]") {
  Rows rows(4, std::vector<double>(60));
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 60; ++j)
      rows[i][j] = static_cast<double>((i * (j + 3) + i / 2) % 5);
  const auto count = [&](const std::string& mode) {
    const auto message =
        rig::fitted(selector("feature_type: CONTINUOUS label_type: CONTINUOUS " + mode),
                    rig::table({rig::dense("x", rows), rig::numbers("label", {0, 1, 0, 2})}));
    return message.univariate_feature_selector().model().selected_features_size();
  };
  CHECK(count("") == 50);
  CHECK(count("selection_mode: PERCENTILE") == 6);
}

// ---- variance

TEST_CASE("VarianceThresholdSelector keeps strictly larger variances",
          "[vectors][variance_threshold_selector]") {
  const Rows rows = {{1, 0, 7, 0.1}, {3, 0, 7, 0.1}, {5, 6, 7, 0.1}};  // variances 4, 12, 0, 0
  for (const auto& column : {rig::dense("x", rows), rig::sparse("x", rows)}) {
    for (const std::size_t partitions : {1, 3}) {
      const auto table = rig::table({column}, partitions);
      CHECK(rig::vectors(rig::apply(threshold(), table), "y") == Rows{{1, 0}, {3, 0}, {5, 6}});
      CHECK(rig::vectors(rig::apply(threshold("variance_threshold: 4"), table), "y") ==
            Rows{{0}, {0}, {6}});
      CHECK(rig::vectors(rig::apply(threshold("variance_threshold: 12"), table), "y") == Rows(3));
    }
  }
  CHECK_THROWS_AS(make_feature_stage(rig::stage(threshold("variance_threshold: -1")), "s"),
                  ConfigError);
}

TEST_CASE("VarianceThresholdSelector does not keep a feature with NaN",
          "[vectors][variance_threshold_selector]") {
  const auto out = rig::apply(threshold(), rig::table({rig::dense("x", {{1, kNaN}, {2, 5}})}));
  CHECK(rig::vectors(out, "y") == Rows{{1}, {2}});
}

TEST_CASE("VarianceThresholdSelector on digits", "[vectors][variance_threshold_selector][golden]") {
  const auto data = rig::read_labelled_csv("digits");
  if (!data) return;
  const auto table = rig::table({rig::sparse("x", data->features)}, 6);
  for (const auto& [limit, count] :
       {std::pair{"0", 61}, std::pair{"10", 43}, std::pair{"20", 29}}) {
    const auto message = rig::fitted(threshold(std::string("variance_threshold: ") + limit), table);
    CHECK(message.variance_threshold_selector().model().selected_features_size() == count);
  }
  const auto has_pixel_20 = [&](const std::string& limit) {
    const auto message = rig::fitted(threshold("variance_threshold: " + limit), table);
    const auto& kept = message.variance_threshold_selector().model().selected_features();
    return std::find(kept.begin(), kept.end(), 20u) != kept.end();
  };
  CHECK(has_pixel_20("38.139622705"));
  CHECK_FALSE(has_pixel_20("38.139622715"));
}

}  // namespace lockstep::data
