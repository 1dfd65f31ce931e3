#include "data/features/columns/one_hot_encoder.hpp"
#include "data/features/catalogue.hpp"

#include <limits>

#include "core/error.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Rows = std::vector<std::vector<double>>;

std::string encoder(const std::string& more = "") {
  return "one_hot_encoder { input_col: 'c' output_col: 'v' " + more + " }";
}

/// Three categories learnt; then the row `value`.
std::vector<double> encoded(double value, const std::string& more) {
  const auto stage =
      make_feature_stage(rig::stage(encoder("category_sizes: 3 " + more)), "stage[0]");
  auto fresh = rig::table({rig::numbers("c", {value})});
  const Schema schema = stage->output_schema(fresh.schema);
  stage->transform(fresh.own[0], Phase::Scoring);
  CHECK(std::holds_alternative<SparseVectors>(fresh.own[0].column("v")));
  const auto vector = rig::vectors(fresh, "v").at(0);
  CHECK(schema.at("v", "test").shape.size() == vector.size());
  return vector;
}

std::vector<std::string> names(const Dataset& dataset) {
  std::vector<std::string> names;
  for (const Feature& feature : *dataset.schema.at("v", "test").features) {
    CHECK(feature.kind == Feature::Kind::Binary);
    names.push_back(feature.name);
  }
  return names;
}

}  // namespace

TEST_CASE("OneHotEncoder puts a 1 at the category's place", "[columns]") {
  using Row = std::vector<double>;
  CHECK(encoded(1, "") == Row{0, 1});
  CHECK(encoded(2, "") == Row{0, 0});
  CHECK(encoded(2, "drop_last: false") == Row{0, 0, 1});
  CHECK(encoded(2, "handle_invalid: KEEP") == Row{0, 0, 1});
  CHECK(encoded(7, "handle_invalid: KEEP") == Row{0, 0, 0});
  CHECK(encoded(7, "handle_invalid: KEEP drop_last: false") == Row{0, 0, 0, 1});
}

TEST_CASE("OneHotEncoder stops at what is no category, or keeps it apart", "[columns]") {
  const double bad =
      GENERATE(3.0, -1.0, 0.5, 1e300, kMissing, std::numeric_limits<double>::quiet_NaN());
  CHECK_THROWS_WITH(encoded(bad, ""), has_text("row 1") && has_text("'c'"));
  CHECK(encoded(bad, "handle_invalid: KEEP drop_last: false") == std::vector<double>{0, 0, 0, 1});
}

TEST_CASE("OneHotEncoder counts categories over all rows", "[columns]") {
  const std::size_t partitions = GENERATE(1, 2, 5);
  const auto table = rig::table({rig::numbers("c", {0, 3, 1, 0, 1})}, partitions);
  const auto result = rig::apply(encoder("drop_last: false"), table);
  CHECK(rig::vectors(result, "v") ==
        Rows{{1, 0, 0, 0}, {0, 0, 0, 1}, {0, 1, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}});
  CHECK(names(result) == std::vector<std::string>{"c_0", "c_1", "c_2", "c_3"});
}

TEST_CASE("OneHotEncoder fits on whole numbers from 0 only", "[columns]") {
  const double bad = GENERATE(-1.0, 0.5, kMissing);
  const auto table = rig::table({rig::numbers("c", {0, bad})});
  CHECK_THROWS_WITH(rig::apply(encoder("handle_invalid: KEEP"), table), has_text("row 2"));
}

TEST_CASE("OneHotEncoder takes size and names from the column where it knows them", "[columns]") {
  auto column = rig::numbers("c", {0, 1});
  column.type.features = std::make_shared<const std::vector<Feature>>(
      1, Feature{"c", Feature::Kind::Nominal, 3, {"red", "green", "blue"}});
  const auto result =
      rig::apply(encoder("drop_last: false handle_invalid: KEEP"), rig::table({column}));
  CHECK(names(result) == std::vector<std::string>{"c_red", "c_green", "c_blue", "c_invalidValues"});
  CHECK(rig::vectors(result, "v") == Rows{{1, 0, 0, 0}, {0, 1, 0, 0}});
  CHECK(names(rig::apply(encoder(), rig::table({column}))) ==
        std::vector<std::string>{"c_red", "c_green"});
}

TEST_CASE("OneHotEncoder: true and false are two categories", "[columns]") {
  const auto table = rig::table({rig::numbers("c", {0, 0}, ColumnType::Format::Boolean)});
  CHECK(rig::vectors(rig::apply(encoder("drop_last: false"), table), "v") == Rows{{1, 0}, {1, 0}});
}

TEST_CASE("OneHotEncoder: the width is open before fit", "[columns]") {
  const auto stage = make_feature_stage(rig::stage(encoder()), "stage[0]");
  const ColumnType type =
      stage->output_schema(rig::table({rig::numbers("c", {1})}).schema).at("v", "");
  CHECK(type.open_width);
  CHECK(type.shape.size() == 0);
}

TEST_CASE("OneHotEncoder takes several columns; SKIP is a mistake", "[columns]") {
  const auto table = rig::table({rig::numbers("a", {0, 1}), rig::numbers("b", {2, 0})}, 2);
  const auto result = rig::apply(
      "one_hot_encoder { input_cols: ['a', 'b'] output_cols: ['v', 'w'] drop_last: false }", table);
  CHECK(rig::vectors(result, "v") == Rows{{1, 0}, {0, 1}});
  CHECK(rig::vectors(result, "w") == Rows{{0, 0, 1}, {1, 0, 0}});
  CHECK_THROWS_AS(make_feature_stage(rig::stage(encoder("handle_invalid: SKIP")), "stage[0]"),
                  ConfigError);
}

}  // namespace lockstep::data
