/// Words as ids: TokenIndexer.
#include <algorithm>

#include "core/error.hpp"
#include "data/features/catalogue.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Rows = std::vector<std::vector<double>>;
using TokenRows = std::vector<std::vector<std::string>>;

// "the" 3 times, "cat" and "sat" twice, "a", "dog" once.
const TokenRows kRows = {{"the", "cat", "sat"}, {"the", "dog", "sat"}, {"a", "cat", "the"}};

std::string indexer(const std::string& options) {
  return "token_indexer { input_col: 'words' output_col: 'ids' " + options + " }";
}
Dataset words(const TokenRows& rows, std::size_t partitions = 1) {
  return rig::table({rig::tokens("words", rows)}, partitions);
}
Rows indexed(const std::string& options, const TokenRows& rows, std::size_t partitions = 1) {
  return rig::vectors(rig::apply(indexer(options), words(rows, partitions)), "ids");
}

/// The ids of `rows` by what was learnt of `training`.
Rows indexed_by(const std::string& options, const TokenRows& training, const TokenRows& rows) {
  ThreadPool threads(1);
  const auto stage = make_feature_stage(rig::stage(indexer(options)), "stage[0]");
  stage->fit(TrainingRows(nullptr, threads, words(training), 1));
  Dataset others = words(rows);
  for (auto& partition : others.own) stage->transform(partition, Phase::Scoring);
  return rig::vectors(others, "ids");
}

TEST_CASE("TokenIndexer numbers words by frequency, then by bytes, from 4", "[data][text]") {
  for (const std::size_t partitions : {1u, 2u, 3u})
    CHECK(indexed("", kRows, partitions) == Rows{{4, 5, 6}, {4, 8, 6}, {7, 5, 4}});
}

TEST_CASE("TokenIndexer: a word that was never seen or is too rare is 1", "[data][text]") {
  CHECK(indexed_by("", kRows, {{"the", "bird"}, {"bird"}}) == Rows{{4, 1, 0}, {1, 0, 0}});
  CHECK(indexed("min_df: 2", kRows) == Rows{{4, 5, 6}, {4, 1, 6}, {1, 5, 4}});
  CHECK(indexed("min_df: 0.9", kRows) == Rows{{4, 1, 1}, {4, 1, 1}, {1, 1, 4}});
  CHECK(indexed("max_size: 6", kRows) == Rows{{4, 5, 1}, {4, 1, 1}, {1, 5, 4}});
  // A word counts once a row.
  CHECK(indexed("min_df: 2", {{"x", "x"}, {"y"}, {"y"}}) == Rows{{1, 1}, {4, 0}, {4, 0}});
}

TEST_CASE("TokenIndexer pads at the end and cuts at either", "[data][text]") {
  const TokenRows rows = {{"a", "b", "c"}, {"a", "b"}, {"a"}};  // ids 4, 5, 6
  CHECK(indexed("", rows) == Rows{{4, 5, 6}, {4, 5, 0}, {4, 0, 0}});
  CHECK(indexed("max_length: 2", rows) == Rows{{4, 5}, {4, 5}, {4, 0}});
  CHECK(indexed("max_length: 2 truncate: BEGIN", rows) == Rows{{5, 6}, {4, 5}, {4, 0}});
  CHECK(indexed("max_length: 4", rows) == Rows{{4, 5, 6, 0}, {4, 5, 0, 0}, {4, 0, 0, 0}});
}

TEST_CASE("TokenIndexer keeps begin and end in rows that are cut", "[data][text]") {
  const TokenRows rows = {{"a", "b", "c"}, {"a", "b"}, {"a"}};
  CHECK(indexed("add_begin: true add_end: true", rows) ==
        Rows{{2, 4, 5, 6, 3}, {2, 4, 5, 3, 0}, {2, 4, 3, 0, 0}});
  CHECK(indexed("add_begin: true add_end: true max_length: 4", rows) ==
        Rows{{2, 4, 5, 3}, {2, 4, 5, 3}, {2, 4, 3, 0}});
  CHECK(indexed("add_begin: true add_end: true max_length: 3 truncate: BEGIN", rows) ==
        Rows{{2, 6, 3}, {2, 5, 3}, {2, 4, 3}});
}

TEST_CASE("TokenIndexer: a text without words has the ids that are added alone", "[data][text]") {
  CHECK(indexed("", {{"a", "b"}, {}}) == Rows{{4, 5}, {0, 0}});
  CHECK(indexed("add_end: true", {{"a", "b"}, {}}) == Rows{{4, 5, 3}, {3, 0, 0}});
  CHECK(indexed("add_begin: true add_end: true", {{"a"}, {}}) == Rows{{2, 4, 3}, {2, 3, 0}});
}

TEST_CASE("TokenIndexer: a vocabulary without words is none, and every word unknown",
          "[data][text]") {
  CHECK(indexed("", {{}, {}}) == Rows{{0}, {0}});
  CHECK(indexed("add_end: true", {{}}) == Rows{{3, 0}});
  CHECK(indexed("min_df: 3", {{"a"}, {"b", "a"}}) == Rows{{1, 0}, {1, 1}});
  CHECK(indexed_by("", {{}}, {{"a", "b"}}) == Rows{{1}});
}

TEST_CASE("TokenIndexer takes a text of 10,000 words", "[data][text]") {
  std::vector<std::string> text;
  for (int i = 0; i < 10000; ++i) text.push_back("w" + std::to_string(i % 100));
  const Rows ids = indexed("add_end: true", {text, {"w7"}});
  REQUIRE(ids[0].size() == 10001);
  CHECK(ids[0].back() == 3);
  CHECK(*std::max_element(ids[0].begin(), ids[0].end()) == 103);
  CHECK(indexed("max_length: 5", {text, {}})[0].size() == 5);
}

TEST_CASE("TokenIndexer's ids are categories, as many as there are ids", "[data][text]") {
  const auto output = rig::apply(indexer("max_length: 2"), words(kRows));
  const auto& type = output.schema.at("ids", "");
  CHECK(type.shape == Shape{2});
  CHECK_FALSE(type.open_width);
  REQUIRE(type.features);
  CHECK(*type.features == std::vector<Feature>{{"ids_0", Feature::Kind::Nominal, 9, {}},
                                               {"ids_1", Feature::Kind::Nominal, 9, {}}});
  CHECK(std::holds_alternative<SparseVectors>(output.own[0].column("ids")));
}

TEST_CASE("TokenIndexer: the width is open until it is learnt or given", "[data][text]") {
  const auto type = [](const std::string& options) {
    const Schema schema = words(kRows).schema;
    return make_feature_stage(rig::stage(indexer(options)), "s")
        ->output_schema(schema)
        .at("ids", "");
  };
  CHECK(type("").open_width);
  CHECK_FALSE(type("max_length: 7").open_width);
  CHECK(type("max_length: 7").shape == Shape{7});
}

TEST_CASE("TokenIndexer refuses rows without room for a word", "[data][text]") {
  const auto make = [](const std::string& options) {
    return make_feature_stage(rig::stage(indexer(options)), "stage[0]");
  };
  CHECK_THROWS_WITH(make("max_length: 2 add_begin: true add_end: true"),
                    has_text("leave no room for a word"));
  CHECK_THROWS_WITH(make("max_size: 4"), has_text("leave none for a word"));
  CHECK_NOTHROW(make("max_length: 3 add_begin: true add_end: true"));
  const auto numbers = rig::table({rig::numbers("words", {1})});
  CHECK_THROWS_AS(make("")->output_schema(numbers.schema), ConfigError);
}

}  // namespace
}  // namespace lockstep::data
