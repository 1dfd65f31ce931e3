#include "data/features/columns/vector_indexer.hpp"
#include "data/features/catalogue.hpp"

#include <limits>

#include "core/error.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Rows = std::vector<std::vector<double>>;

std::string indexer(const std::string& more = "") {
  return "vector_indexer { input_col: 'u' output_col: 'v' " + more + " }";
}

rig::TableColumn column(bool sparse, const Rows& rows) {
  return sparse ? rig::sparse("u", rows) : rig::dense("u", rows);
}

const Feature& feature(const Dataset& dataset, std::size_t i) {
  return dataset.schema.at("v", "test").features->at(i);
}

}  // namespace

TEST_CASE("VectorIndexer numbers values in ascending order, but 0 first", "[columns]") {
  const bool sparse = GENERATE(false, true);
  const std::size_t partitions = GENERATE(1, 2, 3);
  const Rows rows = {{-1, 5, 0.1}, {0, 7, 0.2}, {1, 5, 0.3}};
  const auto result =
      rig::apply(indexer("max_categories: 3"), rig::table({column(sparse, rows)}, partitions));
  CHECK(rig::vectors(result, "v") == Rows{{1, 0, 0}, {0, 1, 1}, {2, 0, 2}});
  CHECK(feature(result, 0) == Feature{"u_0", Feature::Kind::Nominal, 3, {"0.0", "-1.0", "1.0"}});
  CHECK(feature(result, 1).arity == 2);
  CHECK(std::holds_alternative<SparseVectors>(result.own[0].column("v")) == sparse);
}

TEST_CASE("VectorIndexer leaves features with many values alone", "[columns]") {
  const bool sparse = GENERATE(false, true);
  const std::size_t partitions = GENERATE(1, 4);
  Rows rows;
  for (int i = 0; i < 21; ++i)
    rows.push_back({10.0 + i, static_cast<double>(i), i < 20 ? i + 1.0 : 1});
  const auto result = rig::apply(indexer(), rig::table({column(sparse, rows)}, partitions));
  const auto vectors = rig::vectors(result, "v");
  CHECK(vectors.at(3) == std::vector<double>{13, 3, 3});
  CHECK(vectors.at(20) == std::vector<double>{30, 20, 0});
  CHECK(feature(result, 0).kind == Feature::Kind::Numeric);
  CHECK(feature(result, 1).kind == Feature::Kind::Numeric);  // 20 values and zero
  CHECK(feature(result, 2).arity == 20);
}

TEST_CASE("VectorIndexer meets a value that was not seen", "[columns]") {
  const bool sparse = GENERATE(false, true);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto train = rig::table({column(sparse, {{1, 0, 0.5}, {2, 3, 0.7}, {1, 0, 0.9}})});
  // feature 0 has 1 and 2, so 0 is not seen; feature 1 has 0 and 3; feature 2 is no category
  auto fresh = rig::table({column(sparse, {{0, 3, 4}, {2, 8, 4}, {2, nan, 4}, {2, 3, 4}})});
  const auto fitted = [&](const std::string& invalid) {
    ThreadPool threads(1);
    auto stage = make_feature_stage(
        rig::stage(indexer("max_categories: 2 handle_invalid: " + invalid)), "stage[0]");
    stage->fit(TrainingRows(nullptr, threads, train, 1));
    return stage;
  };
  SECTION("ERROR") {
    CHECK_THROWS_WITH(fitted("ERROR")->transform(fresh.own[0], Phase::Scoring),
                      has_text("'0.0'") && has_text("feature 0") && has_text("row 1"));
  }
  SECTION("SKIP") {
    const Effect effect = fitted("SKIP")->transform(fresh.own[0], Phase::Scoring);
    CHECK(effect.rows == 3);
    CHECK(rig::vectors(fresh, "v") == Rows{{1, 1, 4}});
  }
  SECTION("KEEP") {
    const auto stage = fitted("KEEP");
    stage->transform(fresh.own[0], Phase::Scoring);
    CHECK(rig::vectors(fresh, "v") == Rows{{2, 1, 4}, {1, 2, 4}, {1, 2, 4}, {1, 1, 4}});
    CHECK(stage->output_schema(fresh.schema).at("v", "").features->at(1).arity == 3);
  }
}

TEST_CASE("VectorIndexer: sparse rows may lack trailing zeros", "[columns]") {
  ThreadPool threads(1);
  auto stage = make_feature_stage(rig::stage(indexer()), "stage[0]");
  const auto train = rig::table({rig::sparse("u", {{1, 0, 4}, {2, 5, 4}})});
  stage->fit(TrainingRows(nullptr, threads, train, 1));
  auto narrow = rig::table({rig::sparse("u", {{2, 5}})});
  CHECK_THROWS_WITH(stage->transform(narrow.own[0], Phase::Scoring), has_text("feature 2"));
  auto wide = rig::table({rig::sparse("u", {{2, 5, 4, 1}})});
  CHECK_THROWS_AS(stage->transform(wide.own[0], Phase::Scoring), DataError);
  auto dense = rig::table({rig::dense("u", {{2, 5}})});
  CHECK_THROWS_AS(stage->transform(dense.own[0], Phase::Scoring), DataError);
  CHECK_THROWS_AS(stage->output_schema(dense.schema), ConfigError);
}

}  // namespace lockstep::data
