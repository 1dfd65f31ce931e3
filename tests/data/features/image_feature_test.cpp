#include "data/features/vectors/image_feature.hpp"
#include "data/features/catalogue.hpp"

#include <google/protobuf/text_format.h>

#include "core/error.hpp"
#include "core/stages.hpp"
#include "tests/catch.hpp"

using namespace lockstep;
using namespace lockstep::data;

namespace {

proto::ImageFeature config(const std::string& text) {
  proto::ImageFeature message;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

ImageFeature stage(const std::string& text) {
  return ImageFeature(config(text), "stage[0].image_feature");
}

std::vector<float> images_of(const ImageFeature& stage, Column features, std::size_t rows) {
  Partition partition;
  partition.row_ids = std::vector<std::uint64_t>(rows, 41);
  partition.columns["features"] = std::move(features);
  stage.transform(partition, Phase::Training);
  const auto& values = partition.get<Images>("image").values;
  return {values.begin(), values.end()};
}

Schema vectors(std::int64_t width, bool open = false) {
  Schema schema;
  schema.add("features", {ColumnType::Kind::Vector, {width}, open});
  return schema;
}

}  // namespace

TEST_CASE("ImageFeature scales, centres and divides", "[data][image_feature]") {
  const auto pixels = stage("height: 1 width: 2 scale: 0.5 mean: 1 std: 2");
  CHECK(images_of(pixels, DenseVectors{2, {2, 4, 6, 0}}, 2) == std::vector<float>{0, 0.5, 1, -0.5});
}

TEST_CASE("ImageFeature rounds once, from double", "[data][image_feature]") {
  const auto pixels =
      stage("height: 1 width: 1 scale: 0.00392156862745098 mean: 0.2860 std: 0.3530");
  CHECK(images_of(pixels, DenseVectors{1, {77}}, 1)[0] ==
        static_cast<float>((77 * 0.00392156862745098 - 0.2860) / 0.3530));
}

TEST_CASE("ImageFeature: sparse and dense rows give the same images", "[data][image_feature]") {
  const auto order = GENERATE("CHW", "HWC");
  const auto pixels = stage(
      std::string("height: 1 width: 2 channels: 3 mean: [1, 2, 3] std: [1, 2, 4] order: ") + order);
  const Column dense = DenseVectors{6, {0, 5, 0, 7, 0, 9, 0, 0, 0, 0, 0, 0}};
  const Column sparse = SparseVectors{6, {0, 3, 3}, {1, 3, 5}, {5, 7, 9}};
  const auto from_dense = images_of(pixels, dense, 2);
  CHECK(from_dense == images_of(pixels, sparse, 2));
  if (std::string(order) == "CHW") {
    CHECK(from_dense ==
          std::vector<float>{-1, 4, -1, 2.5, -0.75, 1.5, -1, -1, -1, -1, -0.75, -0.75});
  } else {  // pixel 0 is (0, 5, 0), pixel 1 is (7, 0, 9)
    CHECK(from_dense ==
          std::vector<float>{-1, 6, 1.5, -1, -0.75, 1.5, -1, -1, -1, -1, -0.75, -0.75});
  }
}

TEST_CASE("ImageFeature: the size comes from height and width or a square",
          "[data][image_feature]") {
  const auto shape = [](const std::string& text) {
    return stage(text).output_schema(vectors(784)).at("image", "").shape;
  };
  CHECK(shape("height: 28 width: 28") == Shape{1, 28, 28});
  CHECK(shape("num_pixels: 784") == Shape{1, 28, 28});
  CHECK(shape("num_pixels: 784 height: 14") == Shape{1, 14, 56});
  CHECK(shape("num_pixels: 196 channels: 4") == Shape{4, 14, 14});
  CHECK(stage("num_pixels: 784").save().image_feature().height() == 28);
}

TEST_CASE("ImageFeature: configs that do not fit are ConfigErrors", "[data][image_feature]") {
  for (const char* text :
       {"", "height: 3", "num_pixels: 783", "num_pixels: 10 height: 3",
        "num_pixels: 10 height: 3 width: 3", "height: 0 width: 3", "num_pixels: 4 channels: 0",
        "num_pixels: 4 mean: [1, 2]", "num_pixels: 4 channels: 3 std: [1, 2]",
        "num_pixels: 4 std: 0", "num_pixels: 4 scale: nan", "num_pixels: 4 mean: inf",
        "height: 4000000000 width: 4000000000"}) {
    CAPTURE(text);
    try {
      stage(text);
      FAIL_CHECK("no error");
    } catch (const ConfigError& error) {
      CHECK_THAT(error.where().field, begins_with("stage[0].image_feature"));
    }
  }
}

TEST_CASE("ImageFeature checks the width of its input", "[data][image_feature]") {
  const auto pixels = stage("height: 28 width: 28");
  try {
    pixels.output_schema(vectors(785));
    FAIL("no error");
  } catch (const ConfigError& error) {
    CHECK_THAT(error.what(), has_text("785") && has_text("784"));
    CHECK(error.where().field == "stage[0].image_feature");
  }
  CHECK_THROWS_AS(pixels.output_schema(vectors(780)), ConfigError);
  CHECK_NOTHROW(pixels.output_schema(vectors(780, /*open=*/true)));
  CHECK_THROWS_AS(pixels.output_schema(vectors(785, true)), ConfigError);
  Schema other;
  other.add("features", {ColumnType::Kind::Image, {1, 28, 28}});
  CHECK_THROWS_WITH(pixels.output_schema(other), has_text("image 1x28x28"));
  CHECK_THROWS_AS(pixels.output_schema(Schema()), ConfigError);
}

TEST_CASE(
    "ImageFeature: narrow sparse rows are filled up, wide ones are DataErrors that name the row",
    "[data][image_feature]") {
  const auto pixels = stage("height: 1 width: 3");
  CHECK(images_of(pixels, SparseVectors{2, {0, 1}, {1}, {5}}, 1) == std::vector<float>{0, 5, 0});
  CHECK_THROWS_WITH(images_of(pixels, SparseVectors{4, {0, 1}, {3}, {5}}, 1), has_text("row 41"));
  CHECK_THROWS_AS(images_of(pixels, DenseVectors{2, {1, 2}}, 1), DataError);
  CHECK(images_of(pixels, DenseVectors{3, {}}, 0).empty());
}

TEST_CASE("the catalogue knows feature stages from estimators", "[data][catalogue]") {
  proto::Stage feature, estimator;
  *feature.mutable_image_feature() = config("num_pixels: 4");
  estimator.mutable_network();
  CHECK_FALSE(is_estimator(feature));
  CHECK(is_estimator(estimator));
  CHECK_FALSE(is_estimator(proto::Stage()));
  CHECK(make_feature_stage(feature, "stage[0]")->output_schema(vectors(4)).has("image"));
  CHECK_THROWS_AS(make_feature_stage(estimator, "stage[1]"), ConfigError);
  CHECK_THROWS_AS(make_feature_stage(proto::Stage(), "stage[1]"), ConfigError);
  // Every kind that is no estimator has a maker: what it says of an empty config is no internal
  // error.
  const auto* kinds = proto::Stage::descriptor()->oneof_decl(0);
  for (int i = 0; i < kinds->field_count(); ++i) {
    proto::Stage stage;
    stage.GetReflection()->MutableMessage(&stage, kinds->field(i));
    INFO(kinds->field(i)->name());
    try {
      (void)make_feature_stage(stage, "stage[1]");
    } catch (const ConfigError&) {
    }
  }
}

TEST_CASE("a saved ImageFeature does the same again", "[data][image_feature]") {
  const auto pixels = stage("num_pixels: 4 scale: 0.1 mean: 0.3 std: 0.7 output_col: 'image'");
  const auto again = make_feature_stage(pixels.save(), "stage[0]");
  Partition partition;
  partition.row_ids = {0};
  partition.columns["features"] = DenseVectors{4, {1, 2, 3, 4}};
  again->transform(partition, Phase::Training);
  const auto& values = partition.get<Images>("image").values;
  CHECK(std::vector<float>(values.begin(), values.end()) ==
        images_of(pixels, DenseVectors{4, {1, 2, 3, 4}}, 1));
}
