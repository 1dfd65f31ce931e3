#include "data/features/columns/string_indexer.hpp"
#include "data/features/catalogue.hpp"

#include <limits>

#include "core/error.hpp"
#include "data/features/columns/index_to_string.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Format = ColumnType::Format;

std::string indexer(const std::string& more = "") {
  return "string_indexer { input_col: 'c' output_col: 'i' " + more + " }";
}

std::vector<std::string> labels_of(const Schema& schema, const std::string& column) {
  const ColumnType& type = schema.at(column, "test");
  REQUIRE(type.features);
  CHECK(type.features->at(0).kind == Feature::Kind::Nominal);
  CHECK(type.features->at(0).arity == type.features->at(0).labels.size());
  return type.features->at(0).labels;
}

std::vector<std::string> labels(const rig::TableColumn& column, const std::string& more,
                                std::size_t partitions = 1) {
  return labels_of(rig::apply(indexer(more), rig::table({column}, partitions)).schema, "i");
}

/// A stage that was fitted on these strings.
std::unique_ptr<FeatureStage> fitted(const std::vector<const char*>& values,
                                     const std::string& more = "") {
  ThreadPool threads(1);
  auto stage = make_feature_stage(rig::stage(indexer(more)), "stage[0]");
  const Dataset dataset = rig::table({rig::strings("c", values)});
  stage->fit(TrainingRows(nullptr, threads, dataset, 1));
  return stage;
}

}  // namespace

TEST_CASE("StringIndexer orders values by frequency or by bytes", "[columns]") {
  const auto letters = rig::strings("c", {"b", "a", "c", "a", "b", "d"});
  const std::size_t partitions = GENERATE(1, 2, 6);
  using Words = std::vector<std::string>;
  CHECK(labels(letters, "", partitions) == Words{"a", "b", "c", "d"});
  CHECK(labels(letters, "string_order_type: FREQUENCY_ASC", partitions) ==
        Words{"c", "d", "a", "b"});
  CHECK(labels(letters, "string_order_type: ALPHABET_DESC", partitions) ==
        Words{"d", "c", "b", "a"});
  CHECK(labels(letters, "string_order_type: ALPHABET_ASC", partitions) ==
        Words{"a", "b", "c", "d"});
}

TEST_CASE("StringIndexer compares bytes: capitals first, then letters, then what is not ASCII",
          "[columns]") {
  CHECK(labels(rig::strings("c", {"é", "b", "B"}), "") == std::vector<std::string>{"B", "b", "é"});
}

TEST_CASE("StringIndexer gives every row the number of its value", "[columns]") {
  const auto table = rig::table({rig::strings("c", {"b", "a", "c", "a", "b", "a"})}, 3);
  CHECK(rig::numbers(rig::apply(indexer(), table), "i") == std::vector<double>{1, 0, 2, 0, 1, 0});
}

TEST_CASE("StringIndexer names numbers as text", "[columns]") {
  const auto values = rig::numbers("c", {2, 1, 2, -0.0, 0.0, 0.0});
  const auto result = rig::apply(indexer(), rig::table({values}, 2));
  CHECK(labels_of(result.schema, "i") == std::vector<std::string>{"0.0", "2.0", "1.0"});
  CHECK(rig::numbers(result, "i") == std::vector<double>{1, 2, 1, 0, 0, 0});
  CHECK(labels(rig::numbers("c", {10, 9, 10}, Format::Integer), "") ==
        std::vector<std::string>{"10", "9"});
  const auto flags =
      rig::apply(indexer(), rig::table({rig::numbers("c", {1, 0, 1}, Format::Boolean)}));
  CHECK(labels_of(flags.schema, "i") == std::vector<std::string>{"true", "false"});
  CHECK(rig::numbers(flags, "i") == std::vector<double>{0, 1, 0});
}

TEST_CASE("StringIndexer does not count missing values and NaN; ERROR stops at them", "[columns]") {
  const auto strings = rig::table({rig::strings("c", {"a", nullptr})});
  CHECK_THROWS_WITH(rig::apply(indexer(), strings), has_text("row 2"));
  const auto result = rig::apply(indexer("handle_invalid: KEEP"), strings);
  CHECK(rig::numbers(result, "i") == std::vector<double>{0, 1});
  CHECK(labels_of(result.schema, "i") == std::vector<std::string>{"a", "__unknown"});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto numbers = rig::table({rig::numbers("c", {5, nan, kMissing})});
  CHECK(rig::numbers(rig::apply(indexer("handle_invalid: KEEP"), numbers), "i") ==
        std::vector<double>{0, 1, 1});
}

TEST_CASE("StringIndexer: an empty string is a value", "[columns]") {
  CHECK(rig::numbers(rig::apply(indexer(), rig::table({rig::strings("c", {"x", "", "x"})})), "i") ==
        std::vector<double>{0, 1, 0});
}

TEST_CASE("StringIndexer meets a value that was not seen", "[columns]") {
  auto fresh = rig::table({rig::strings("c", {"a", "z", nullptr, "b"})});
  Partition& rows = fresh.own[0];
  SECTION("ERROR names value, row and column") {
    const auto stage = fitted({"a", "b"});
    CHECK_THROWS_WITH(stage->transform(rows, Phase::Scoring),
                      has_text("'z'") && has_text("'c'") && has_text("row 2"));
    CHECK_THROWS_AS(stage->transform(rows, Phase::Scoring), DataError);
  }
  SECTION("SKIP drops the row, in training and scoring") {
    const auto stage = fitted({"a", "b"}, "handle_invalid: SKIP");
    const Phase phase = GENERATE(Phase::Training, Phase::Scoring);
    const Effect effect = stage->transform(rows, phase);
    CHECK(effect.rows == 2);
    CHECK(effect.verb == std::string("dropped"));
    CHECK(rig::numbers(fresh, "i") == std::vector<double>{0, 1});
    CHECK(rig::row_ids(fresh) == std::vector<std::uint64_t>{0, 3});
  }
  SECTION("KEEP gives the index behind the last") {
    fitted({"a", "b"}, "handle_invalid: KEEP")->transform(rows, Phase::Scoring);
    CHECK(rig::numbers(fresh, "i") == std::vector<double>{0, 2, 2, 1});
  }
}

TEST_CASE("StringIndexer: the column of a label may be absent, and its cells", "[columns]") {
  const auto stage = fitted({"a", "b"});
  CHECK_FALSE(stage->can_do_without("c"));
  auto rows = rig::table({rig::strings("c", {"b", nullptr})});
  CHECK_THROWS_AS(stage->transform(rows.own[0], Phase::Scoring), DataError);
  stage->set_label_columns({"i"});
  CHECK(stage->can_do_without("c"));
  CHECK_THROWS_AS(stage->transform(rows.own[0], Phase::Training), DataError);
  stage->transform(rows.own[0], Phase::Scoring);
  CHECK(rig::numbers(rows, "i")[0] == 1);
  CHECK(is_missing(rig::numbers(rows, "i")[1]));
  auto fresh = rig::table({rig::numbers("x", {1, 2})});
  CHECK(stage->output_schema(fresh.schema) == fresh.schema);
  stage->transform(fresh.own[0], Phase::Scoring);
  CHECK(fresh.own[0].columns.size() == 1);
  const auto anew = make_feature_stage(rig::stage(indexer()), "stage[0]");
  CHECK_THROWS_AS(anew->output_schema(fresh.schema), ConfigError);
}

TEST_CASE("StringIndexer takes several columns", "[columns]") {
  const auto table = rig::table(
      {rig::strings("a", {"x", "y", "y"}), rig::numbers("b", {3, 3, 4}, Format::Integer)}, 2);
  const auto result =
      rig::apply("string_indexer { input_cols: ['a', 'b'] output_cols: ['i', 'j'] }", table);
  CHECK(rig::numbers(result, "i") == std::vector<double>{1, 0, 0});
  CHECK(rig::numbers(result, "j") == std::vector<double>{0, 0, 1});
  CHECK_THROWS_AS(rig::apply("string_indexer { input_cols: ['a', 'b'] output_cols: 'i' }", table),
                  ConfigError);
}

TEST_CASE("StringIndexer refuses other columns, and an output that is there", "[columns]") {
  const auto table = rig::table({rig::dense("c", {{1, 2}}), rig::numbers("i", {1})});
  CHECK_THROWS_WITH(rig::apply(indexer(), table), has_text("vector"));
  const auto clash = rig::table({rig::strings("c", {"a"}), rig::numbers("i", {1})});
  CHECK_THROWS_AS(rig::apply(indexer(), clash), ConfigError);
}

TEST_CASE("IndexToString is the way back from StringIndexer", "[columns]") {
  const auto table = rig::table({rig::strings("c", {"b", "a", "c", "a"})}, 2);
  const auto indexed = rig::apply(indexer(), table);
  const auto back = rig::apply("index_to_string { input_col: 'i' output_col: 's' }", indexed);
  CHECK(rig::strings(back, "s") == rig::strings(table, "c"));
}

TEST_CASE("IndexToString cuts numbers to whole ones and keeps missing ones missing", "[columns]") {
  const std::string config =
      "index_to_string { input_col: 'i' output_col: 's' labels: ['x', 'y'] }";
  const auto result = rig::apply(config, rig::table({rig::numbers("i", {1, 0.9, 1.9, kMissing})}));
  CHECK(rig::strings(result, "s") == std::vector<std::string>{"y", "x", "y", "<missing>"});
  const double bad = GENERATE(2.0, -1.0, std::numeric_limits<double>::quiet_NaN());
  CHECK_THROWS_WITH(rig::apply(config, rig::table({rig::numbers("i", {0, bad})})),
                    has_text("row 2"));
}

TEST_CASE("IndexToString needs labels, but may wait for a StringIndexer to be fitted",
          "[columns]") {
  const std::string config = "index_to_string { input_col: 'i' output_col: 's' }";
  CHECK_THROWS_WITH(rig::apply(config, rig::table({rig::numbers("i", {0})})), has_text("labels"));
  const auto before = make_feature_stage(rig::stage(indexer()), "stage[0]");
  const auto after = make_feature_stage(rig::stage(config), "stage[1]");
  const auto table = rig::table({rig::strings("c", {"a"})});
  CHECK(after->output_schema(before->output_schema(table.schema)).has("s"));
}

}  // namespace lockstep::data
