/// Counts of the words of a vocabulary and their weights: CountVectorizer, IDF.
#include <limits>

#include "core/error.hpp"
#include "data/features/catalogue.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Rows = std::vector<std::vector<double>>;
using TokenRows = std::vector<std::vector<std::string>>;

const TokenRows kRows = {{"a", "b", "c"}, {"a", "b", "b", "c", "a"}, {"d", "a"}};

std::string vectorizer(const std::string& options) {
  return "count_vectorizer { input_col: 'words' output_col: 'counts' " + options + " }";
}
std::string weighing(const std::string& options) {
  return "idf { input_col: 'counts' output_col: 'weighed' " + options + " }";
}

/// The stage after fit(), made anew of the text it is saved as.
std::unique_ptr<FeatureStage> fitted(const std::string& config, const Dataset& rows) {
  ThreadPool threads(2);
  const auto stage = make_feature_stage(rig::stage(config), "stage[0]");
  CHECK_FALSE(stage->is_fitted());
  stage->fit(TrainingRows(nullptr, threads, rows, /*seed=*/1));
  auto loaded = make_feature_stage(rig::stage(stage->save().DebugString()), "stage[0]");
  CHECK(loaded->is_fitted());
  CHECK(loaded->save().SerializeAsString() == stage->save().SerializeAsString());
  return loaded;
}

Dataset words(const TokenRows& rows, std::size_t partitions = 1) {
  return rig::table({rig::tokens("words", rows)}, partitions);
}

std::vector<std::string> vocabulary(const std::string& options, const Dataset& rows) {
  const auto saved = fitted(vectorizer(options), rows)->save();
  const auto& learnt = saved.count_vectorizer().model().vocabulary();
  return {learnt.begin(), learnt.end()};
}

Rows counted(const std::string& options, const TokenRows& rows) {
  return rig::vectors(rig::apply(vectorizer(options), words(rows)), "counts");
}

using Words = std::vector<std::string>;

TEST_CASE("CountVectorizer orders its vocabulary by count", "[data][text]") {
  CHECK(vocabulary("", words(kRows)) == Words{"a", "b", "c", "d"});
  CHECK(counted("", kRows) == Rows{{1, 1, 1, 0}, {2, 2, 1, 0}, {1, 0, 0, 1}});
  CHECK(counted("binary: true", kRows) == Rows{{1, 1, 1, 0}, {1, 1, 1, 0}, {1, 0, 0, 1}});
}

TEST_CASE("CountVectorizer: equal counts go by bytes", "[data][text]") {
  CHECK(vocabulary("", words({{"ä", "b", "B", "", "b2"}, {"z", "z"}})) ==
        Words{"z", "", "B", "b", "b2", "ä"});
}

TEST_CASE("CountVectorizer keeps the most frequent words if there are too many", "[data][text]") {
  CHECK(vocabulary("vocab_size: 2", words(kRows)) == Words{"a", "b"});
  CHECK(counted("vocab_size: 2", kRows) == Rows{{1, 1}, {2, 2}, {1, 0}});
}

TEST_CASE("CountVectorizer leaves out words of too few or too many rows", "[data][text]") {
  CHECK(vocabulary("min_df: 2", words(kRows)) == Words{"a", "b", "c"});
  CHECK(vocabulary("max_df: 2", words(kRows)) == Words{"b", "c", "d"});
  CHECK(vocabulary("min_df: 2 max_df: 2", words(kRows)) == Words{"b", "c"});
  CHECK(vocabulary("min_df: 0.5", words(kRows)) == Words{"a", "b", "c"});  // 1.5 rows
  CHECK(vocabulary("max_df: 0.9", words(kRows)) == Words{"b", "c", "d"});  // 2.7 rows
}

TEST_CASE("CountVectorizer counts a word only where it is frequent enough in the row",
          "[data][text]") {
  CHECK(counted("min_tf: 0.3", {kRows[0], kRows[1]}) == Rows{{1, 1, 1}, {2, 2, 0}});
  CHECK(counted("min_tf: 2", kRows)[1] == std::vector<double>{2, 2, 0, 0});
  CHECK(counted("min_tf: 2 binary: true", kRows)[1] == std::vector<double>{1, 1, 0, 0});
}

TEST_CASE("CountVectorizer: unknown words are ignored, but are tokens of the row", "[data][text]") {
  const auto stage = fitted(vectorizer("min_tf: 0.5"), words({{"a", "b"}}));
  auto rows = words({{"a", "x"}, {"a", "x", "x"}, {"x"}, {}});
  stage->transform(rows.own[0], Phase::Scoring);
  CHECK(rig::vectors(rows, "counts") == Rows{{1, 0}, {0, 0}, {0, 0}, {0, 0}});
}

TEST_CASE("CountVectorizer names its features after the words", "[data][text]") {
  const auto table = rig::apply(vectorizer("binary: true"), words(kRows));
  const auto features = features_of("counts", table.schema.at("counts", ""));
  REQUIRE(features.size() == 4);
  CHECK(features[1].name == "b");
  CHECK(features[1].kind == Feature::Kind::Binary);
  CHECK(std::holds_alternative<SparseVectors>(table.own[0].column("counts")));
  const auto unfitted = make_feature_stage(rig::stage(vectorizer("")), "stage[0]");
  CHECK(unfitted->output_schema(words(kRows).schema).at("counts", "").open_width);
}

TEST_CASE("CountVectorizer learns the same however the rows are cut", "[data][text]") {
  TokenRows rows;
  for (int i = 0; i < 30; ++i)
    rows.push_back({"w" + std::to_string(i % 7), "w" + std::to_string(i % 5), "x"});
  const Words whole = vocabulary("min_df: 5", words(rows));
  CHECK(whole == Words{"x", "w0", "w1", "w2", "w3", "w4"});  // w5 and w6 are in 4 rows
  for (const std::size_t partitions : {2, 3, 7, 40})         // 40: some without rows
    CHECK(vocabulary("min_df: 5", words(rows, partitions)) == whole);
}

TEST_CASE("CountVectorizer: without rows or words there are empty vectors", "[data][text]") {
  CHECK(vocabulary("", words({})).empty());
  CHECK(counted("min_df: 9", kRows) == Rows{{}, {}, {}});
}

TEST_CASE("CountVectorizer refuses max_df below min_df", "[data][text]") {
  CHECK_THROWS_AS(counted("min_df: 3 max_df: 2", kRows), ConfigError);
  CHECK_THROWS_AS(counted("min_df: 0.5 max_df: 0.4", kRows), ConfigError);
  CHECK_THROWS_AS(counted("min_df: 0.7 max_df: 2", kRows), ConfigError);  // 2.1 of 3 rows
  CHECK_NOTHROW(counted("min_df: 0.6 max_df: 2", kRows));
  CHECK_THROWS_AS(counted("vocab_size: 0", kRows), ConfigError);
}

const Rows kCounts = {{1, 0, 2}, {0, 1, 1}, {0, 0, 3}, {1, 1, 0}};
constexpr double kRare = 0.5108256238, kFrequent = 0.2231435513;  // ln(5/3), ln(5/4)

void check_weighed(const Dataset& table) {
  const auto rows = rig::vectors(table, "weighed");
  REQUIRE(rows.size() == 4);
  CHECK(rows[0][0] == Approx(kRare).epsilon(1e-9));
  CHECK(rows[0][1] == 0);
  CHECK(rows[0][2] == Approx(0.4462871026).epsilon(1e-9));
  CHECK(rows[2] == std::vector<double>{0, 0, rows[2][2]});
  CHECK(rows[2][2] == Approx(3 * kFrequent).epsilon(1e-9));
  CHECK(rows[3][1] == rows[0][0]);
}

TEST_CASE("IDF weighs features by how few rows have them, sparse and dense", "[data][text]") {
  const auto sparse = rig::apply(weighing(""), rig::table({rig::sparse("counts", kCounts)}, 2));
  check_weighed(sparse);
  CHECK(std::holds_alternative<SparseVectors>(sparse.own[0].column("weighed")));
  CHECK(sparse.own[0].get<SparseVectors>("weighed").indices.size() == 4);
  const auto dense = rig::apply(weighing(""), rig::table({rig::dense("counts", kCounts)}));
  check_weighed(dense);
  CHECK(std::holds_alternative<DenseVectors>(dense.own[0].column("weighed")));
  CHECK(dense.schema.at("weighed", "").shape == Shape{3});
}

TEST_CASE("IDF stores what it has learnt", "[data][text]") {
  const auto model = [](const std::string& options) {
    return fitted(weighing(options), rig::table({rig::sparse("counts", kCounts)}, 3))
        ->save()
        .idf()
        .model();
  };
  const auto all = model("");
  CHECK(all.num_docs() == 4);
  CHECK(std::vector<std::uint64_t>(all.doc_freq().begin(), all.doc_freq().end()) ==
        std::vector<std::uint64_t>{2, 2, 3});
  const auto frequent = model("min_doc_freq: 3");
  CHECK(std::vector<std::uint64_t>(frequent.doc_freq().begin(), frequent.doc_freq().end()) ==
        std::vector<std::uint64_t>{0, 0, 3});
  CHECK(frequent.idf(0) == 0);
  CHECK(frequent.idf(1) == 0);
  CHECK(frequent.idf(2) == Approx(kFrequent).epsilon(1e-9));
}

TEST_CASE("IDF counts rows above 0 only; a feature never seen weighs ln(rows + 1)",
          "[data][text]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto stage =
      fitted(weighing(""), rig::table({rig::dense("counts", {{-1, nan, 0, 2}, {0, 0, 0, 1}})}));
  const auto model = stage->save().idf().model();
  CHECK(model.idf(0) == Approx(std::log(3.0)));
  CHECK(model.idf(1) == Approx(std::log(3.0)));
  CHECK(model.idf(2) == Approx(std::log(3.0)));
  CHECK(model.idf(3) == 0);
}

TEST_CASE("IDF keeps the features of its input", "[data][text]") {
  auto table = rig::table({rig::sparse("counts", {{1, 0}, {0, 1}})});
  table.schema.add("counts", vector_type({{"cat", {}, 0, {}}, {"dog", {}, 0, {}}}));
  const auto stage = fitted(weighing(""), table);
  const auto output = stage->output_schema(table.schema);
  CHECK(features_of("weighed", output.at("weighed", ""))[1].name == "dog");
}

TEST_CASE("IDF takes narrower rows of open width and names those that are too wide",
          "[data][text]") {
  const auto open = [](rig::TableColumn column) {
    column.type.open_width = true;
    return rig::table({std::move(column)});
  };
  const auto stage = fitted(weighing(""), open(rig::sparse("counts", kCounts)));
  for (const auto& make : {rig::sparse, rig::dense}) {
    auto narrow = open(make("counts", {{1, 0}, {0, 4}}));
    CHECK(stage->output_schema(narrow.schema).at("weighed", "").shape == Shape{3});
    stage->transform(narrow.own[0], Phase::Scoring);
    const auto rows = rig::vectors(narrow, "weighed");
    REQUIRE(rows[1].size() == 3);
    CHECK(rows[1][1] == Approx(4 * kRare).epsilon(1e-9));
    CHECK(rows[1][2] == 0);
  }
  auto wide = open(rig::sparse("counts", {{1, 0, 0, 0}, {0, 0, 0, 1}}));
  CHECK_NOTHROW(stage->output_schema(wide.schema));
  CHECK_THROWS_WITH(stage->transform(wide.own[0], Phase::Scoring),
                    has_text("row 2 (counted from 1) has the index 3"));
  const auto settled = rig::table({rig::sparse("counts", {{1, 0}})});
  CHECK_THROWS_AS(stage->output_schema(settled.schema), ConfigError);
}

TEST_CASE("IDF cannot learn from no rows", "[data][text]") {
  CHECK_THROWS_AS(rig::apply(weighing(""), rig::table({rig::sparse("counts", {})})), DataError);
}

}  // namespace
}  // namespace lockstep::data
