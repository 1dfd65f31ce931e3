#include "data/table.hpp"

#include "core/error.hpp"
#include "data/dataset.hpp"
#include "tests/catch.hpp"

using namespace lockstep;
using namespace lockstep::data;

TEST_CASE("Schema keeps columns in order and replaces by name", "[data][table]") {
  Schema schema;
  schema.add("label", {ColumnType::Kind::Number});
  schema.add("features", {ColumnType::Kind::Vector, {4}});
  schema.add("label", {ColumnType::Kind::Vector, {2}});
  REQUIRE(schema.columns().size() == 2);
  CHECK(schema.columns()[0].first == "label");
  CHECK(schema.at("label", "here").shape == Shape{2});
  CHECK(schema.has("features"));
  CHECK_FALSE(schema.has("image"));
  schema.keep({"features", "nonsense"});
  REQUIRE(schema.columns().size() == 1);
  CHECK(schema.columns()[0].first == "features");
}

TEST_CASE("Schema::at names the config field and the column that was meant", "[data][table]") {
  Schema schema;
  schema.add("label", {ColumnType::Kind::Number});
  schema.add("features", {ColumnType::Kind::Vector, {4}});
  try {
    schema.at("feature", "stage[0].network.input_col");
    FAIL("no error");
  } catch (const ConfigError& error) {
    CHECK(error.where().field == "stage[0].network.input_col");
    CHECK_THAT(error.what(), has_text("'feature'"));
    CHECK_THAT(error.advice(), has_text("features"));
  }
}

TEST_CASE("a column type reads like a phrase; open_width is not part of its identity",
          "[data][table]") {
  CHECK(to_string(ColumnType{ColumnType::Kind::Number}) == "number");
  CHECK(to_string(ColumnType{ColumnType::Kind::Vector, {784}}) == "vector of 784");
  CHECK(to_string(ColumnType{ColumnType::Kind::Image, {1, 28, 28}}) == "image 1x28x28");
  CHECK(ColumnType{ColumnType::Kind::Vector, {3}, true} ==
        ColumnType{ColumnType::Kind::Vector, {3}, false});
}

TEST_CASE("copy_row gives floats of every kind of column", "[data][table]") {
  float out[4] = {-1, -1, -1, -1};
  const Column numbers = Numbers{{5, 7}};
  copy_row(numbers, 1, out);
  CHECK(out[0] == 7);
  CHECK(rows_of(numbers) == 2);

  const Column sparse = SparseVectors{4, {0, 0, 2}, {1, 3}, {0.5, 2}};
  copy_row(sparse, 1, out);
  CHECK(std::vector<float>(out, out + 4) == std::vector<float>{0, 0.5, 0, 2});
  copy_row(sparse, 0, out);
  CHECK(std::vector<float>(out, out + 4) == std::vector<float>{0, 0, 0, 0});
  CHECK(rows_of(sparse) == 2);

  const Column dense = DenseVectors{2, {1, 2, 3, 4}};
  copy_row(dense, 1, out);
  CHECK(std::vector<float>(out, out + 2) == std::vector<float>{3, 4});
  CHECK(rows_of(dense) == 2);

  const Column images = Images{{1, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}};
  copy_row(images, 1, out);
  CHECK(std::vector<float>(out, out + 4) == std::vector<float>{5, 6, 7, 8});
  CHECK(rows_of(images) == 2);
}

TEST_CASE("Dataset::keep forgets the other columns in schema and partitions", "[data][table]") {
  Dataset dataset;
  dataset.schema.add("label", {ColumnType::Kind::Number});
  dataset.schema.add("features", {ColumnType::Kind::Vector, {1}});
  dataset.own.resize(1);
  dataset.own[0].columns["label"] = Numbers{{1}};
  dataset.own[0].columns["features"] = DenseVectors{1, {1}};
  dataset.keep({"label"});
  CHECK_FALSE(dataset.schema.has("features"));
  CHECK(dataset.own[0].columns.size() == 1);
  CHECK(dataset.own[0].columns.count("label") == 1);
}
