#include "data/features/columns/vector_assembler.hpp"
#include "data/features/catalogue.hpp"

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Rows = std::vector<std::vector<double>>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string assembler(const std::string& inputs, const std::string& more = "") {
  return "vector_assembler { input_cols: [" + inputs + "] output_col: 'v' " + more + " }";
}

bool is_sparse(const Dataset& dataset) {
  return std::holds_alternative<SparseVectors>(dataset.own.at(0).column("v"));
}

/// Rows of `width` numbers, a 1 at place 2.
rig::TableColumn wide(const std::string& name, std::size_t width) {
  std::vector<double> row(width);
  row[2] = 1;
  return rig::sparse(name, {row, row});
}

}  // namespace

TEST_CASE("VectorAssembler joins numbers and vectors in the order given", "[columns]") {
  const std::size_t partitions = GENERATE(1, 2);
  const auto table = rig::table({rig::numbers("x", {1, 2}), rig::dense("d", {{3, 4}, {5, 6}}),
                                 rig::sparse("s", {{0, 7}, {8, 0}})},
                                partitions);
  const auto result = rig::apply(assembler("'s', 'x', 'd', 'x'"), table);
  CHECK(rig::vectors(result, "v") == Rows{{0, 7, 1, 3, 4, 1}, {8, 0, 2, 5, 6, 2}});
  CHECK(result.schema.at("v", "").shape == Shape{6});
  CHECK(!is_sparse(result));
}

TEST_CASE("VectorAssembler: missing and NaN numbers", "[columns]") {
  const auto table =
      rig::table({rig::numbers("x", {1, kMissing, kNaN, 4}), rig::numbers("y", {5, 6, 7, 8})}, 2);
  CHECK_THROWS_WITH(rig::apply(assembler("'y', 'x'"), table),
                    has_text("a missing value") && has_text("row 2") && has_text("'x'"));
  std::uint64_t dropped = 0;
  const Phase phase = GENERATE(Phase::Training, Phase::Scoring);
  const auto skipped =
      rig::apply(assembler("'y', 'x'", "handle_invalid: SKIP"), table, phase, &dropped);
  CHECK(rig::vectors(skipped, "v") == Rows{{5, 1}, {8, 4}});
  CHECK(dropped == 2);
  const auto kept =
      rig::vectors(rig::apply(assembler("'y', 'x'", "handle_invalid: KEEP"), table), "v");
  CHECK(is_missing(kept.at(1).at(1)));
  CHECK(std::isnan(kept.at(2).at(1)));
  CHECK(!is_missing(kept.at(2).at(1)));
}

TEST_CASE("VectorAssembler does not look at entries of vectors", "[columns]") {
  const auto result = rig::apply(assembler("'d'"), rig::table({rig::dense("d", {{1, kNaN}})}));
  CHECK(std::isnan(rig::vectors(result, "v").at(0).at(1)));
}

TEST_CASE("VectorAssembler: wide sparse inputs give sparse output", "[columns]") {
  const auto x = rig::numbers("x", {0, 5});
  CHECK(!is_sparse(rig::apply(assembler("'s', 'x'"), rig::table({wide("s", 16), x}))));
  const auto result = rig::apply(assembler("'s', 'x'"), rig::table({wide("s", 17), x}));
  CHECK(is_sparse(result));
  const auto& rows = result.own[0].get<SparseVectors>("v");
  CHECK(rows.width == 18);
  CHECK(rows.indices == Values<std::uint32_t>{2, 2, 17});  // no zeros
  CHECK(rows.values == Values<double>{1, 1, 5});
  const auto many = rig::dense("d", Rows(2, std::vector<double>(60, 1)));
  CHECK(is_sparse(rig::apply(assembler("'d', 's'"), rig::table({many, wide("s", 5)}))));
  CHECK(!is_sparse(rig::apply(assembler("'d', 's'"), rig::table({many, wide("s", 4)}))));
  CHECK(!is_sparse(
      rig::apply(assembler("'d', 'e'"),
                 rig::table({many, rig::dense("e", Rows(2, std::vector<double>(60)))}))));
}

TEST_CASE("VectorAssembler names its features and keeps what is known of them", "[columns]") {
  auto colour = rig::numbers("colour", {0});
  colour.type.features = std::make_shared<const std::vector<Feature>>(
      1, Feature{"other", Feature::Kind::Nominal, 2, {"red", "green"}});
  auto named = rig::dense("d", {{1, 2}});
  named.type =
      vector_type(std::vector<Feature>{{"a", Feature::Kind::Binary, 0, {}}, {"b", {}, 0, {}}});
  const auto table = rig::table({colour, named, rig::sparse("s", {{1, 2}})});
  const auto result = rig::apply(assembler("'colour', 'd', 's'"), table);
  const auto& features = *result.schema.at("v", "").features;
  REQUIRE(features.size() == 5);
  CHECK(features[0] == Feature{"colour", Feature::Kind::Nominal, 2, {"red", "green"}});
  CHECK(features[1] == Feature{"d_a", Feature::Kind::Binary, 0, {}});
  CHECK(features[2].name == "d_b");
  CHECK(features[3].name == "s_0");
  CHECK(features[4].name == "s_1");
}

TEST_CASE("VectorAssembler keeps the widths of the training rows", "[columns]") {
  auto open = vector_type(std::size_t{3});
  open.open_width = true;
  const auto stage =
      make_feature_stage(rig::stage(assembler("'s', 'x'", "widths: [3, 1]")), "stage[0]");
  const auto fresh = [&](std::size_t width, std::size_t index) {
    SparseBuilder builder(width);
    builder.push(index, 9);
    builder.end_row();
    auto dataset = rig::table({{"s", open, std::move(builder).finish()}, rig::numbers("x", {5})});
    (void)stage->output_schema(dataset.schema);
    stage->transform(dataset.own[0], Phase::Scoring);
    return rig::vectors(dataset, "v").at(0);
  };
  CHECK(fresh(2, 1) == std::vector<double>{0, 9, 0, 5});  // the third is a zero
  CHECK(fresh(4, 1) == std::vector<double>{0, 9, 0, 5});
  CHECK_THROWS_AS(fresh(4, 3), DataError);
  CHECK_THROWS_AS(
      stage->output_schema(rig::table({rig::dense("s", {{1, 2}}), rig::numbers("x", {5})}).schema),
      ConfigError);
}

TEST_CASE("VectorAssembler: the width is open as long as an input's is", "[columns]") {
  const auto stage = make_feature_stage(rig::stage(assembler("'x', 's'")), "stage[0]");
  Schema schema;
  schema.add("x", {ColumnType::Kind::Number});
  ColumnType open = vector_type(std::size_t{0});
  open.open_width = true;
  schema.add("s", open);
  CHECK(stage->output_schema(schema).at("v", "").open_width);
}

TEST_CASE("VectorAssembler refuses strings and an empty list", "[columns]") {
  const auto table = rig::table({rig::strings("c", {"a"})});
  CHECK_THROWS_WITH(rig::apply(assembler("'c'"), table), has_text("string"));
  CHECK_THROWS_AS(make_feature_stage(rig::stage(assembler("")), "stage[0]"), ConfigError);
}

}  // namespace lockstep::data
