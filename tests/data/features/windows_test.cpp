/// Windows over time series.
#include "core/error.hpp"
#include "data/features/catalogue.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Rows = std::vector<std::vector<double>>;
using Numbers1 = std::vector<double>;
using Ids = std::vector<std::uint64_t>;

std::string windows(const std::string& options) {
  return "windows { input_cols: 'x' target_cols: 'x' " + options + " }";
}

/// Prepared for the rows and applied to them, as a pipeline would.
Dataset transformed(FeatureStage& stage, Dataset rows, Phase phase, bool labels_optional = false) {
  ThreadPool threads(2);
  const TrainingRows all(nullptr, threads, rows, 1);
  if (!stage.is_fitted()) stage.fit(all);
  stage.prepare({all, phase, labels_optional});
  const Schema schema = stage.output_schema(rows.schema);
  for (auto& partition : rows.own) stage.transform(partition, phase);
  rows.schema = schema;
  return rows;
}

std::unique_ptr<FeatureStage> made(const std::string& options) {
  return make_feature_stage(rig::stage(windows(options)), "stage[0]");
}
std::unique_ptr<FeatureStage> loaded(const FeatureStage& stage) {
  return make_feature_stage(rig::stage(stage.save().DebugString()), "stage[0]");
}

Dataset times(std::vector<double> t, std::vector<double> x, std::size_t partitions = 1) {
  return rig::table({rig::numbers("t", std::move(t)), rig::numbers("x", std::move(x))}, partitions);
}

std::string error_of(const std::string& options, Dataset rows, bool labels_optional = false) {
  const auto stage = made(options);
  try {
    transformed(*stage, std::move(rows), Phase::Training, labels_optional);
  } catch (const DataError& error) {
    return std::string(error.what()) + " / " + error.advice();
  }
  return "no error";
}

TEST_CASE("Windows: a row becomes the last rows up to it, and what follows its label",
          "[data][windows]") {
  const Dataset rows = rig::table({rig::numbers("x", {1, 2, 3, 4, 5})});
  std::uint64_t dropped = 0;
  const Dataset output = rig::apply(windows("length: 3"), rows, Phase::Training, &dropped);
  CHECK(rig::row_ids(output) == Ids{2, 3});
  CHECK(rig::vectors(output, "window") == Rows{{1, 2, 3}, {2, 3, 4}});
  CHECK(rig::numbers(output, "label") == Numbers1{4, 5});
  CHECK(dropped == 3);
  CHECK(output.schema.at("window", "").shape == Shape{3, 1});
  CHECK((*output.schema.at("window", "").features)[0].name == "x_lag2");
  CHECK(output.schema.at("label", "").kind == ColumnType::Kind::Number);
}

TEST_CASE("Windows are made over partitions that hold any rows", "[data][windows]") {
  Dataset rows = rig::table({rig::numbers("x", {1, 2, 3, 4, 5, 6})}, 3);
  // Rows 5 0 | 3 | 1 4 2, as a permutation might leave them after some were dropped.
  const std::vector<std::vector<std::size_t>> shares = {{5, 0}, {3}, {1, 4, 2}};
  for (std::size_t p = 0; p < 3; ++p) {
    std::vector<double> x;
    for (const std::size_t row : shares[p]) x.push_back(static_cast<double>(row + 1));
    rows.own[p].row_ids = std::vector<std::uint64_t>(shares[p].begin(), shares[p].end());
    rows.own[p].set("x", Numbers{std::move(x)});
  }
  const Dataset output = rig::apply(windows("length: 2"), rows);
  CHECK(rig::row_ids(output) == Ids{3, 1, 4, 2});
  CHECK(rig::vectors(output, "window") == Rows{{3, 4}, {1, 2}, {4, 5}, {2, 3}});
  CHECK(rig::numbers(output, "label") == Numbers1{5, 3, 6, 4});
}

TEST_CASE("Windows: several columns in, several out, several steps ahead", "[data][windows]") {
  const Dataset rows =
      rig::table({rig::numbers("a", {1, 2, 3, 4, 5}), rig::numbers("b", {10, 20, 30, 40, 50}),
                  rig::sparse("v", {{0, 7}, {8, 0}, {9, 9}, {0, 0}, {1, 1}})});
  const Dataset output = rig::apply(
      "windows { input_cols: ['a', 'v'] target_cols: ['a', 'b'] output_col: 'w' label_col: 'y' "
      "length: 2 horizon: 2 }",
      rows);
  CHECK(rig::vectors(output, "w") == Rows{{1, 0, 7, 2, 8, 0}, {2, 8, 0, 3, 9, 9}});
  CHECK(rig::vectors(output, "y") == Rows{{3, 30, 4, 40}, {4, 40, 5, 50}});
  CHECK(output.schema.at("w", "").shape == Shape{2, 3});
  CHECK(output.schema.at("y", "").shape == Shape{4});
  CHECK((*output.schema.at("y", "").features)[3].name == "b_lead2");
}

TEST_CASE("Windows without targets have no label and no future to wait for", "[data][windows]") {
  const Dataset output = rig::apply("windows { input_cols: 'x' length: 2 }",
                                    rig::table({rig::numbers("x", {1, 2, 3})}));
  CHECK(rig::vectors(output, "window") == Rows{{1, 2}, {2, 3}});
  CHECK_FALSE(output.schema.has("label"));
}

TEST_CASE("Windows begin every so many steps", "[data][windows]") {
  const Dataset rows = rig::table({rig::numbers("x", {0, 1, 2, 3, 4, 5, 6, 7})}, 2);
  const Dataset output = rig::apply(windows("length: 2 stride: 3"), rows);
  CHECK(rig::vectors(output, "window") == Rows{{0, 1}, {3, 4}});
  CHECK(rig::numbers(output, "label") == Numbers1{2, 5});
}

TEST_CASE("Windows put rows in order of time, equal times in the order of the file",
          "[data][windows]") {
  const Dataset numbers = times({30, -10, 20, 20, 1e300}, {4, 1, 2, 3, 5}, 2);
  CHECK(rig::vectors(rig::apply(windows("length: 3 order_col: 't'"), numbers), "window") ==
        Rows{{2, 3, 4}, {1, 2, 3}});
  const Dataset dates = rig::table({rig::strings("t", {"2020-10-01", "2020-02-29", "2019-12-31"}),
                                    rig::numbers("x", {3, 2, 1})});
  const Dataset output = rig::apply(windows("length: 2 order_col: 't'"), dates);
  CHECK(rig::vectors(output, "window") == Rows{{1, 2}});
  CHECK(rig::row_ids(output) == Ids{1});
}

TEST_CASE("Windows never reach from one series into another", "[data][windows]") {
  const Dataset rows = rig::table({rig::strings("g", {"b", "a", "b", "a", "b", "a", "c"}),
                                   rig::numbers("x", {10, 1, 20, 2, 30, 3, 100})},
                                  3);
  const Dataset output = rig::apply(windows("length: 2 group_col: 'g'"), rows);
  CHECK(rig::row_ids(output) == Ids{2, 3});
  CHECK(rig::vectors(output, "window") == Rows{{10, 20}, {1, 2}});
  CHECK(rig::numbers(output, "label") == Numbers1{30, 3});
}

TEST_CASE("Windows of a constant series are constant", "[data][windows]") {
  const Dataset output =
      rig::apply(windows("length: 2"), rig::table({rig::numbers("x", {4, 4, 4})}));
  CHECK(rig::vectors(output, "window") == Rows{{4, 4}});
  CHECK(rig::numbers(output, "label") == Numbers1{4});
}

TEST_CASE("Windows name the row and column that has no number", "[data][windows]") {
  const Dataset hole = rig::table({rig::numbers("x", {1, 2, kMissing, 4})});
  CHECK(
      error_of("length: 2", hole) ==
      "a missing value in column 'x': row 3 (counted from 1) / a series has no holes: fill it with "
      "an imputer or fill_nulls stage before");
  CHECK_THAT(
      error_of("length: 2 order_col: 't'", times({1, kMissing, 3}, {1, 2, 3})),
      begins_with("a missing value in column 't': row 2 (counted from 1) / every row has its "
                  "place in a series"));
  const Dataset group = rig::table({rig::strings("g", {"a", nullptr}), rig::numbers("x", {1, 2})});
  CHECK_THAT(error_of("length: 1 group_col: 'g'", group),
             begins_with("a missing value in column 'g': row 2"));
}

TEST_CASE("Windows: series that are all too short are an error", "[data][windows]") {
  const Dataset rows = rig::table({rig::numbers("x", {1, 2, 3})});
  CHECK(
      error_of("length: 3", rows) ==
      "no row has a window of 3 steps with 1 more behind it: the longest series has 3 rows / give "
      "longer series, or ask for shorter windows");
  CHECK(error_of("length: 2", rows) == "no error");
  CHECK_THAT(error_of("length: 4", rows, /*labels_optional=*/true),
             begins_with("no row has a window of 4 steps: the longest series has 3 rows"));
}

TEST_CASE("Windows remember the end of the training series", "[data][windows]") {
  const auto stage = made("length: 3 order_col: 't'");
  transformed(*stage, times({1, 2, 3, 4}, {10, 20, 30, 40}), Phase::Training);
  const auto model = stage->save().windows().model();
  REQUIRE(model.row_size() == 2);
  CHECK(model.row(0).order() == 3);
  CHECK(model.row(1).input(0) == 40);

  const auto check = [](FeatureStage& own) {
    const Dataset output = transformed(own, times({6, 5, 7}, {60, 50, 70}), Phase::Scoring);
    CHECK(rig::row_ids(output) == Ids{0, 1});
    CHECK(rig::vectors(output, "window") == Rows{{40, 50, 60}, {30, 40, 50}});
    CHECK(rig::numbers(output, "label") == Numbers1{70, 60});
  };
  check(*loaded(*stage));
  check(*stage);
}

TEST_CASE("Windows: rows that are not later than those remembered stand alone", "[data][windows]") {
  const auto stage = made("length: 2 order_col: 't'");
  transformed(*stage, times({1, 2, 3}, {10, 20, 30}), Phase::Training);
  const auto own = loaded(*stage);
  const Dataset same = transformed(*own, times({1, 2, 3}, {10, 20, 30}), Phase::Scoring);
  CHECK(rig::vectors(same, "window") == Rows{{10, 20}});
  // From 3 on: what is remembered of 3 is not before it.
  const Dataset overlap = transformed(*own, times({3, 4, 5}, {30, 40, 50}), Phase::Scoring);
  CHECK(rig::vectors(overlap, "window") == Rows{{30, 40}});
}

TEST_CASE("Windows: test rows go on where the validation rows end", "[data][windows]") {
  const auto stage = made("length: 3 order_col: 't'");
  transformed(*stage, times({0, 1, 2, 3}, {0, 10, 20, 30}), Phase::Training);
  CHECK(rig::vectors(transformed(*stage, times({4, 5}, {40, 50}), Phase::Scoring), "window") ==
        Rows{{20, 30, 40}});
  const Dataset test = transformed(*stage, times({6, 7}, {60, 70}), Phase::Scoring);
  CHECK(rig::vectors(test, "window") == Rows{{40, 50, 60}});
  CHECK(stage->save().windows().model().row_size() == 6);
}

TEST_CASE("Windows: each series has its own end", "[data][windows]") {
  const auto table = [](std::vector<double> g, std::vector<double> t, std::vector<double> x) {
    return rig::table({rig::numbers("g", std::move(g)), rig::numbers("t", std::move(t)),
                       rig::numbers("x", std::move(x))});
  };
  const auto stage = made("length: 2 order_col: 't' group_col: 'g'");
  transformed(*stage, table({1, 1, 2, 2, 1, 3}, {1, 2, 1, 2, 3, 9}, {11, 12, 21, 22, 13, 39}),
              Phase::Training);
  const auto own = loaded(*stage);
  const Dataset output =
      transformed(*own, table({2, 1, 4, 2, 1, 4}, {4, 4, 4, 5, 5, 5}, {24, 14, 44, 25, 15, 45}),
                  Phase::Scoring);
  CHECK(rig::row_ids(output) == Ids{0, 1});
  CHECK(rig::vectors(output, "window") == Rows{{22, 24}, {13, 14}});
  CHECK(rig::numbers(output, "label") == Numbers1{25, 15});
}

TEST_CASE("Windows without history or order forget", "[data][windows]") {
  const auto forgetful = made("length: 2 order_col: 't' history: false");
  transformed(*forgetful, times({1, 2, 3}, {1, 2, 3}), Phase::Training);
  CHECK(forgetful->save().windows().model().row_size() == 0);
  const Dataset later = times({4, 5, 6}, {4, 5, 6});
  CHECK(rig::vectors(transformed(*forgetful, later, Phase::Scoring), "window") == Rows{{4, 5}});

  const auto orderless = made("length: 2");
  Dataset training = rig::table({rig::numbers("x", {1, 2, 3})});
  transformed(*orderless, training, Phase::Training);
  CHECK(orderless->save().windows().model().row_size() == 0);
  Dataset part = rig::table({rig::numbers("x", {4, 5})});  // of the same file: a split's
  part.own[0].row_ids = {3, 4};
  CHECK(rig::vectors(transformed(*orderless, part, Phase::Scoring), "window") == Rows{{3, 4}});
  part.name = "another file";
  CHECK_THROWS_AS(transformed(*orderless, part, Phase::Scoring), DataError);
}

TEST_CASE("Windows: rows to be predicted need no label yet", "[data][windows]") {
  const auto stage = made("length: 2 horizon: 2 order_col: 't'");
  transformed(*stage, times({1, 2, 3, 4}, {1, 2, 3, 4}), Phase::Training);
  const auto own = loaded(*stage);
  const Dataset output =
      transformed(*own, times({5, 6, 7}, {5, 6, 7}), Phase::Scoring, /*labels_optional=*/true);
  CHECK(rig::row_ids(output) == Ids{0, 1, 2});
  const Rows labels = rig::vectors(output, "label");
  CHECK(labels[0] == Numbers1{6, 7});
  CHECK(labels[1][0] == 7);
  CHECK(is_missing(labels[1][1]));
  CHECK(is_missing(labels[2][0]));
}

TEST_CASE("Windows: what is to be forecast may be missing when predicting", "[data][windows]") {
  const std::string config = "windows { input_cols: 'x' target_cols: 'y' length: 2 }";
  const auto stage = make_feature_stage(rig::stage(config), "stage[0]");
  const Dataset training = rig::table({rig::numbers("x", {1, 2, 3}), rig::numbers("y", {4, 5, 6})});
  CHECK(stage->can_do_without("y"));
  CHECK_FALSE(stage->can_do_without("x"));
  const Dataset lacking = rig::table({rig::numbers("x", {7, 8})});
  CHECK_THROWS_AS(stage->output_schema(lacking.schema), ConfigError);  // but not when training
  transformed(*stage, training, Phase::Training);
  const Dataset output = transformed(*loaded(*stage), lacking, Phase::Scoring, true);
  CHECK(rig::vectors(output, "window") == Rows{{7, 8}});
  CHECK_FALSE(output.schema.has("label"));
  const Dataset blank =
      rig::table({rig::numbers("x", {7, 8, 9}), rig::numbers("y", {1, 2, kMissing})});
  const Dataset partly = transformed(*loaded(*stage), blank, Phase::Scoring, true);
  CHECK(is_missing(rig::numbers(partly, "label")[0]));
  CHECK_THROWS_WITH(transformed(*loaded(*stage), blank, Phase::Scoring),
                    has_text("a missing value in column 'y'"));
}

TEST_CASE("Windows refuse what is no step of a series", "[data][windows]") {
  const auto schema_of = [](const std::string& options, const Dataset& rows) {
    return make_feature_stage(rig::stage("windows { " + options + " }"), "stage[0]")
        ->output_schema(rows.schema);
  };
  Dataset rows = rig::table({rig::numbers("x", {1}), rig::strings("s", {"a"})});
  ColumnType sequence = vector_type(6);
  sequence.shape = {2, 3};
  rows.schema.add("q", sequence);
  CHECK_THROWS_WITH(schema_of("length: 2 input_cols: 'q'", rows), has_text("a sequence already"));
  CHECK_THROWS_WITH(schema_of("length: 2 input_cols: 's'", rows), has_text("not number or vector"));
  CHECK_THROWS_WITH(schema_of("length: 2 input_cols: 'x' target_cols: 's'", rows),
                    has_text("not number"));
  CHECK_THROWS_WITH(schema_of("length: 2 input_cols: 'x' order_col: 'q'", rows),
                    has_text("not number or string"));
  CHECK_THROWS_WITH(schema_of("length: 2 input_cols: 'x' order_col: 'y'", rows),
                    has_text("there is no column 'y'"));
  CHECK_THROWS_WITH(schema_of("length: 2", rows), has_text("no input column"));
  CHECK_THROWS_AS(schema_of("length: 2 input_cols: ['x', 'x']", rows), ConfigError);
}

TEST_CASE("A sequence stays one where its numbers are changed one by one", "[data][windows]") {
  Dataset rows = rig::table({rig::dense("w", {{1, 2, 3, 4}, {3, 2, 1, 0}})});
  ColumnType sequence = vector_type(4);
  sequence.shape = {2, 2};
  rows.schema.add("w", sequence);
  const auto shape_after = [&](const std::string& stage) {
    return rig::apply(stage, rows).schema.at("v", "").shape;
  };
  CHECK(shape_after("standard_scaler { input_col: 'w' output_col: 'v' }") == Shape{2, 2});
  CHECK(shape_after("max_abs_scaler { input_col: 'w' output_col: 'v' }") == Shape{2, 2});
  CHECK(shape_after("idf { input_col: 'w' output_col: 'v' }") == Shape{2, 2});
  CHECK(shape_after("vector_assembler { input_cols: 'w' output_col: 'v' }") == Shape{4});
}

}  // namespace
}  // namespace lockstep::data
