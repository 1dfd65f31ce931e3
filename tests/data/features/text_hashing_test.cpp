/// Words to indices by hashing: murmur3, HashingTF, FeatureHasher. Numbers: Spark ML since 3.0.
#include <limits>

#include "core/error.hpp"
#include "data/features/catalogue.hpp"
#include "data/features/text/murmur_hash.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Rows = std::vector<std::vector<double>>;
using TokenRows = std::vector<std::vector<std::string>>;

/// A vector of `width` numbers, zero but for these.
std::vector<double> sparse_row(std::size_t width,
                               const std::vector<std::pair<std::size_t, double>>& entries) {
  std::vector<double> row(width);
  for (const auto& [index, value] : entries) row[index] = value;
  return row;
}

Rows hashed_words(const std::string& options, const TokenRows& rows, std::size_t partitions = 1) {
  return rig::vectors(
      rig::apply("hashing_tf { input_col: 'words' output_col: 'counts' " + options + " }",
                 rig::table({rig::tokens("words", rows)}, partitions)),
      "counts");
}

Rows hashed_columns(const std::string& options, const std::vector<rig::TableColumn>& columns) {
  return rig::vectors(
      rig::apply("feature_hasher { output_col: 'features' " + options + " }", rig::table(columns)),
      "features");
}

TEST_CASE("murmur3 and hash_index give Spark's numbers", "[data][text]") {
  struct Known {
    std::string_view word;
    std::int32_t hash;
    std::uint32_t modulo_2_18, modulo_1000;
  };
  const std::vector<Known> table = {
      {"", 142593372, 249180, 372},
      {"a", -1293573533, 107107, 467},
      {"ab", -684913081, 69191, 919},
      {"abc", 1313807976, 204392, 976},
      {"abcd", -396302900, 58828, 100},
      {"spark", -226056714, 173558, 286},
      {"hello", -488910111, 250593, 889},
      {"world", 1145629360, 60080, 360},
      {"the", -1772783983, 95889, 17},
      {"machine", 565978040, 9144, 40},
      {"learning", -1486978928, 163984, 72},
      {"lockstep", -18267239, 82841, 761},
      {"naïve", -1984804414, 149954, 586},
      {"Straße", -816207737, 108679, 263},
      {"日本語", -976822600, 188088, 400},
      {std::string_view("\1\0\0\0", 4), -559580957, 96483, 43},                // the integer 1
      {std::string_view("\1\0\0\0\0\0\0\0", 8), -1712319331, 5277, 669},       // the same, long
      {std::string_view("\0\0\0\0\0\0\xF8\x3F", 8), 1290763749, 228837, 749},  // 1.5
  };
  for (const Known& known : table) {
    INFO(known.word);
    CHECK(static_cast<std::int32_t>(murmur3(known.word)) == known.hash);
    CHECK(hash_index(known.word, 262144) == known.modulo_2_18);
    CHECK(hash_index(known.word, 1000) == known.modulo_1000);
  }
  CHECK(hash_index("spark", 1) == 0);
  CHECK(hash_index("a", 4294967295u) == 3001393762u);  // 2^32 - 1 - 1293573533
}

TEST_CASE("HashingTF counts the tokens of a row at their hashes", "[data][text]") {
  const auto row = sparse_row(16, {{3, 2}, {5, 1}, {8, 1}});
  CHECK(hashed_words("num_features: 16", {{"a", "a", "b", "c"}, {}}) ==
        Rows{row, std::vector<double>(16)});
  CHECK(hashed_words("num_features: 16 binary: true", {{"a", "a", "b", "c"}}) ==
        Rows{sparse_row(16, {{3, 1}, {5, 1}, {8, 1}})});
}

TEST_CASE("HashingTF puts words where Spark puts them", "[data][text]") {
  CHECK(hashed_words("num_features: 100", {{"a", "b", "c", "d"}}) ==
        Rows{sparse_row(100, {{67, 1}, {65, 1}, {68, 1}, {90, 1}})});
  CHECK(hashed_words("num_features: 10", {{"a", "b", "c"}}) ==
        Rows{sparse_row(10, {{7, 1}, {5, 1}, {8, 1}})});
}

TEST_CASE("HashingTF counts words that share an index together", "[data][text]") {
  CHECK(hashed_words("num_features: 1", {{"a", "b", "c"}}) == Rows{{3}});
  CHECK(hashed_words("num_features: 1 binary: true", {{"a", "b", "c"}}) == Rows{{1}});
}

TEST_CASE("HashingTF makes sparse vectors of the width asked for", "[data][text]") {
  const auto table = rig::apply("hashing_tf { input_col: 'words' output_col: 'counts' }",
                                rig::table({rig::tokens("words", {{"a"}, {"b"}, {"c"}})}, 2));
  CHECK(table.schema.at("counts", "").shape == Shape{262144});
  CHECK_FALSE(table.schema.at("counts", "").open_width);
  CHECK(table.own[0].get<SparseVectors>("counts").width == 262144);
  CHECK(table.own[0].get<SparseVectors>("counts").indices[0] == 107107);
  CHECK_THROWS_AS(hashed_words("num_features: 0", {{"a"}}), ConfigError);
}

TEST_CASE("FeatureHasher gives the row of Spark's documentation", "[data][text]") {
  const auto rows = hashed_columns(
      "input_cols: ['real', 'bool', 'stringNum', 'string']",
      {rig::numbers("real", {2.0}), rig::numbers("bool", {1}, ColumnType::Format::Boolean),
       rig::strings("stringNum", {"1"}), rig::strings("string", {"foo"})});
  CHECK(rows == Rows{sparse_row(262144, {{174475, 2}, {247670, 1}, {262126, 1}, {257907, 1}})});
}

TEST_CASE("FeatureHasher writes categories as their column does", "[data][text]") {
  const std::string columns = "input_cols: ['n'] categorical_cols: ['n'] num_features: 1000";
  const auto index_of = [](std::string_view word) { return hash_index(word, 1000); };
  REQUIRE(index_of("n=1") != index_of("n=1.0"));
  CHECK(hashed_columns(columns, {rig::numbers("n", {1})}) ==
        Rows{sparse_row(1000, {{index_of("n=1.0"), 1}})});
  CHECK(hashed_columns(columns, {rig::numbers("n", {1}, ColumnType::Format::Integer)}) ==
        Rows{sparse_row(1000, {{index_of("n=1"), 1}})});
  CHECK(hashed_columns("input_cols: ['n'] num_features: 1000",
                       {rig::numbers("n", {0}, ColumnType::Format::Boolean)}) ==
        Rows{sparse_row(1000, {{index_of("n=false"), 1}})});
}

TEST_CASE("FeatureHasher skips missing cells but not empty strings", "[data][text]") {
  const auto rows =
      hashed_columns("input_cols: ['n', 's'] num_features: 1000",
                     {rig::numbers("n", {kMissing, 3}), rig::strings("s", {"", nullptr})});
  CHECK(rows == Rows{sparse_row(1000, {{hash_index("s=", 1000), 1}}),
                     sparse_row(1000, {{hash_index("n", 1000), 3}})});
}

TEST_CASE("FeatureHasher adds up what shares an index, in the order of the columns",
          "[data][text]") {
  CHECK(hashed_columns("input_cols: ['x', 'y', 's'] num_features: 1",
                       {rig::numbers("x", {2.5}), rig::numbers("y", {-1}),
                        rig::strings("s", {"t"})}) == Rows{{2.5}});
  CHECK(hashed_columns("input_cols: ['x', 'y', 'z'] num_features: 1",
                       {rig::numbers("x", {1e100}), rig::numbers("y", {1}),
                        rig::numbers("z", {-1e100})}) == Rows{{0}});  // (1e100 + 1) - 1e100
  const auto nan = hashed_columns("input_cols: ['x'] num_features: 1",
                                  {rig::numbers("x", {std::numeric_limits<double>::quiet_NaN()})});
  CHECK(std::isnan(nan[0][0]));
}

TEST_CASE("FeatureHasher writes numbers after loading as it did in training", "[data][text]") {
  const std::string config =
      "feature_hasher { input_cols: ['n'] categorical_cols: ['n'] output_col: 'f' num_features: "
      "1000 }";
  const auto training = rig::table({rig::numbers("n", {1}, ColumnType::Format::Integer)});
  ThreadPool threads(1);
  const auto stage = make_feature_stage(rig::stage(config), "stage[0]");
  CHECK_FALSE(stage->is_fitted());
  stage->fit(TrainingRows(nullptr, threads, training, 1));
  const auto loaded = make_feature_stage(rig::stage(stage->save().DebugString()), "stage[0]");
  CHECK(loaded->is_fitted());
  auto scoring = rig::table({rig::numbers("n", {1})});  // read without knowing of integers
  (void)loaded->output_schema(scoring.schema);
  loaded->transform(scoring.own[0], Phase::Scoring);
  CHECK(rig::vectors(scoring, "f") == Rows{sparse_row(1000, {{hash_index("n=1", 1000), 1}})});
  const auto strings = rig::table({rig::strings("n", {"1"})});
  CHECK_THROWS_AS(loaded->output_schema(strings.schema), ConfigError);
}

TEST_CASE("FeatureHasher checks its columns", "[data][text]") {
  const auto number = rig::numbers("n", {1});
  CHECK_THROWS_AS(hashed_columns("", {number}), ConfigError);
  CHECK_THROWS_AS(hashed_columns("input_cols: ['n'] num_features: 0", {number}), ConfigError);
  CHECK_THROWS_AS(hashed_columns("input_cols: ['n'] categorical_cols: ['m']", {number}),
                  ConfigError);
  CHECK_THROWS_AS(hashed_columns("input_cols: ['v']", {rig::dense("v", {{1, 2}})}), ConfigError);
}

}  // namespace
}  // namespace lockstep::data
