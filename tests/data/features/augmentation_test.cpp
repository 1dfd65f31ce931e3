#include "data/features/vectors/augmentation.hpp"
#include "data/features/catalogue.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <thread>

#include "core/error.hpp"
#include "data/features/vectors/image_feature.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Image = std::vector<float>;

proto::ImageAugmentation config(const std::string& text) {
  proto::ImageAugmentation message;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

// Zero pixels are -1, -2, ... by channel, erased ones 100.
Augmentation augmentation(const std::string& text, const Shape& shape) {
  std::vector<float> zero;
  for (std::int64_t c = 0; c < shape[0]; ++c) zero.push_back(static_cast<float>(-1 - c));
  return {config(text), shape, zero, std::vector<float>(zero.size(), 100.0f), "augment"};
}

// 1, 2, 3, ...
Image counted(const Shape& shape) {
  Image image(shape.size());
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i + 1);
  return image;
}

Image changed(const Augmentation& how, Image image, std::uint64_t seed, std::uint64_t epoch,
              std::uint64_t row) {
  how.apply(seed, epoch, row, image);
  return image;
}

const std::string kAll =
    "random_crop_padding: 2 horizontal_flip: 0.5 rotation_degrees: 20 random_erasing: 0.5";

TEST_CASE("augmentation with everything off changes nothing", "[cleaning][augmentation]") {
  const Shape shape{3, 5, 4};
  const auto how = augmentation("", shape);
  for (std::uint64_t row = 0; row < 50; ++row)
    CHECK(changed(how, counted(shape), 1, row % 3, row) == counted(shape));
}

TEST_CASE("augmentation: a flip exchanges left and right, two are none",
          "[cleaning][augmentation]") {
  const Shape shape{2, 2, 3};
  const auto how = augmentation("horizontal_flip: 1", shape);
  const Image once = changed(how, counted(shape), 1, 0, 0);
  CHECK(once == Image{3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10});
  CHECK(changed(how, once, 7, 1, 5) == counted(shape));
}

TEST_CASE("augmentation: a shift moves every channel and fills with its zero",
          "[cleaning][augmentation]") {
  const auto how = augmentation("", {2, 2, 3});
  Image image = counted({2, 2, 3});
  how.shift(image, 1, -1);
  CHECK(image == Image{-1, -1, -1, 2, 3, -1, -2, -2, -2, 8, 9, -2});
  image = counted({2, 2, 3});
  how.shift(image, -1, 2);
  CHECK(image == Image{-1, -1, 4, -1, -1, -1, -2, -2, 10, -2, -2, -2});
  image = counted({2, 2, 3});
  how.shift(image, 0, 5);
  CHECK(image == Image{-1, -1, -1, -1, -1, -1, -2, -2, -2, -2, -2, -2});
}

TEST_CASE("augmentation: crops are all the shifts within the padding, about equally often",
          "[cleaning][augmentation]") {
  const Shape shape{1, 4, 4};
  const auto how = augmentation("random_crop_padding: 1", shape);
  std::map<Image, int> seen;
  for (std::uint64_t row = 0; row < 900; ++row) ++seen[changed(how, counted(shape), 3, 0, row)];
  std::set<Image> shifts;
  for (std::int64_t down = -1; down <= 1; ++down) {
    for (std::int64_t right = -1; right <= 1; ++right) {
      Image image = counted(shape);
      how.shift(image, down, right);
      shifts.insert(image);
    }
  }
  CHECK(seen.size() == 9);
  for (const auto& [image, times] : seen) {
    CHECK(shifts.count(image) == 1);
    CHECK(times > 60);
    CHECK(times < 140);
  }
}

TEST_CASE("augmentation: rotation by nothing and by quarters is exact",
          "[cleaning][augmentation]") {
  const auto turned = [](const Shape& shape, double degrees) {
    Image image = counted(shape);
    augmentation("", shape).rotate(image, degrees);
    return image;
  };
  CHECK(turned({2, 3, 5}, 0) == counted({2, 3, 5}));
  CHECK(turned({2, 4, 3}, 360) == counted({2, 4, 3}));
  CHECK(turned({1, 2, 2}, 90) == Image{2, 4, 1, 3});
  CHECK(turned({1, 3, 3}, 90) == Image{3, 6, 9, 2, 5, 8, 1, 4, 7});
  CHECK(turned({1, 3, 3}, -90) == Image{7, 4, 1, 8, 5, 2, 9, 6, 3});
  CHECK(turned({1, 3, 3}, 270) == turned({1, 3, 3}, -90));
  CHECK(turned({1, 2, 3}, 180) == Image{6, 5, 4, 3, 2, 1});
  CHECK(turned({1, 1, 3}, 90) == Image{-1, 2, -1});  // the row stands on end
}

TEST_CASE("augmentation: rotation by 45 degrees is bilinear", "[cleaning][augmentation]") {
  // The corner (-1, -1) from the middle comes from (0, -sqrt 2): above the middle of the upper row,
  // 0.4142 of the way to what is outside.
  const Augmentation how(config(""), {1, 3, 3}, {0}, {0}, "augment");
  Image image{0, 0, 0, 0, 10, 0, 0, 0, 0};
  image[1] = 10;
  how.rotate(image, -45);
  const double root = std::sqrt(2.0);
  CHECK(image[4] == 10.0f);  // the middle stays
  CHECK(image[2] == Approx(10 * (2 - root)).epsilon(1e-6));
  CHECK(image[0] == Approx(0).margin(1e-6));
}

TEST_CASE("augmentation: a constant image stays so when it is turned, up to its corners",
          "[cleaning][augmentation]") {
  const Augmentation how(config(""), {1, 9, 9}, {5}, {0}, "augment");
  for (const double degrees : {1.0, 30.0, 77.7, 123.0, -179.0}) {
    Image image(81, 5.0f);
    how.rotate(image, degrees);
    for (const float v : image) CHECK(v == Approx(5).epsilon(1e-6));
  }
}

TEST_CASE("augmentation: an erased box has the area asked for, and lies in the image",
          "[cleaning][augmentation]") {
  const auto [height, width] =
      GENERATE(as<std::pair<std::int64_t, std::int64_t>>{}, std::pair{32, 32}, std::pair{28, 7},
               std::pair{1, 40}, std::pair{50, 2}, std::pair{1, 1});
  const auto how = augmentation("", {1, height, width});
  const auto pixels = static_cast<double>(height * width);
  for (const double share : {0.001, 0.02, 0.1, 0.33, 0.5, 0.9, 1.0}) {
    for (const double draw : {0.0, 0.3, 0.5, 0.8, 0.9999999}) {
      const auto box = how.box(share * pixels, draw, draw, 1 - draw > 0.99 ? 0.99 : 1 - draw);
      CHECK(box.height >= 1);
      CHECK(box.width >= 1);
      CHECK(box.top + box.height <= static_cast<std::size_t>(height));
      CHECK(box.left + box.width <= static_cast<std::size_t>(width));
      const auto area = static_cast<double>(box.height * box.width);
      const double slack = 0.5 * static_cast<double>(std::max(box.height, box.width));
      CHECK(std::abs(area - std::max(1.0, share * pixels)) <= slack);
    }
  }
}

TEST_CASE("augmentation: erasing changes one box of each image, with the chance given",
          "[cleaning][augmentation]") {
  const Shape shape{2, 20, 20};
  const auto how =
      augmentation("random_erasing: 0.25 erasing_min_area: 0.1 erasing_max_area: 0.2", shape);
  int erased = 0;
  for (std::uint64_t row = 0; row < 1000; ++row) {
    const Image image = changed(how, Image(shape.size(), 0.0f), 1, 0, row);
    const auto count = [&](std::size_t channel) {
      return std::count(image.begin() + static_cast<std::ptrdiff_t>(channel * 400),
                        image.begin() + static_cast<std::ptrdiff_t>((channel + 1) * 400), 100.0f);
    };
    CHECK(count(0) == count(1));
    if (count(0) == 0) continue;
    ++erased;
    CHECK(count(0) >= 40 - 10);
    CHECK(count(0) <= 80 + 10);
  }
  CHECK(erased > 200);
  CHECK(erased < 300);
}

TEST_CASE("augmentation is a function of seed, epoch and row, whatever the order of the calls",
          "[cleaning][augmentation]") {
  const Shape shape{3, 12, 10};
  const auto how = augmentation(kAll, shape);
  std::vector<Image> forth, back(60);
  for (std::uint64_t row = 0; row < 60; ++row)
    forth.push_back(changed(how, counted(shape), 1, row % 4, row));
  std::thread other([&] {
    for (std::uint64_t row = 60; row-- > 0;)
      back[row] = changed(augmentation(kAll, shape), counted(shape), 1, row % 4, row);
  });
  other.join();
  CHECK(forth == back);
  const Image image = changed(how, counted(shape), 1, 2, 3);
  CHECK(changed(how, counted(shape), 2, 2, 3) != image);
  CHECK(changed(how, counted(shape), 1, 3, 3) != image);
  CHECK(changed(how, counted(shape), 1, 2, 4) != image);
}

TEST_CASE("augmentation: one change being on does not alter the draws of another",
          "[cleaning][augmentation]") {
  const Shape shape{1, 6, 6};
  const auto flips = augmentation("horizontal_flip: 0.5", shape);
  const auto both = augmentation("horizontal_flip: 0.5 random_crop_padding: 1", shape);
  const auto crops = augmentation("random_crop_padding: 1", shape);
  int flipped = 0;
  for (std::uint64_t row = 0; row < 200; ++row) {
    Image image = changed(crops, counted(shape), 9, 4, row);
    if (changed(flips, counted(shape), 9, 4, row) != counted(shape)) {
      flips.flip(image);
      ++flipped;
    }
    CHECK(changed(both, counted(shape), 9, 4, row) == image);
  }
  CHECK(flipped > 70);
  CHECK(flipped < 130);
}

TEST_CASE("augmentation: configs that make no sense are ConfigErrors", "[cleaning][augmentation]") {
  const auto field = [](const std::string& text) -> std::string {
    try {
      augmentation(text, {1, 4, 8});
    } catch (const ConfigError& error) {
      return error.where().field;
    }
    return "nothing";
  };
  CHECK(field("random_crop_padding: 3") == "nothing");
  CHECK(field("random_crop_padding: 4") == "augment.random_crop_padding");
  CHECK(field("horizontal_flip: 1.5") == "augment.horizontal_flip");
  CHECK(field("rotation_degrees: nan") == "augment.rotation_degrees");
  CHECK(field("random_erasing: -1") == "augment.random_erasing");
  CHECK(field("erasing_min_area: 0.5") == "augment.erasing_min_area");
  CHECK(field("erasing_value: inf") == "augment.erasing_value");
}

const std::string kImages =
    "image_feature { height: 2 width: 2 scale: 2 mean: 1 std: 4 "
    "augment { random_crop_padding: 1 random_erasing: 1 erasing_min_area: 1 erasing_max_area: 1 "
    "erasing_value: 3 } }";

TEST_CASE("ImageFeature makes an augmentation that knows its zero, and leaves images plain itself",
          "[cleaning][augmentation]") {
  const auto table = rig::table({rig::dense("features", {{1, 2, 3, 4}})});
  for (const auto phase : {Phase::Training, Phase::Scoring}) {
    const auto rows = rig::apply(kImages, table, phase);
    CHECK(rows.own[0].get<Images>("image").values == Values<float>{0.25f, 0.75f, 1.25f, 1.75f});
  }
  const ImageFeature images(rig::stage(kImages).image_feature(), "stage[0].image_feature");
  Image image{1, 1, 1, 1};
  images.augmentation()->shift(image, 0, 1);
  CHECK(image == Image{-0.25f, 1, -0.25f, 1});  // (0 * 2 - 1) / 4
  images.augmentation()->apply(1, 0, 0, image);
  CHECK(image == Image{1.25f, 1.25f, 1.25f, 1.25f});  // (3 * 2 - 1) / 4
  const ImageFeature plain(rig::stage("image_feature { num_pixels: 4 }").image_feature(), "at");
  CHECK(plain.augmentation() == nullptr);
}

TEST_CASE("only the network's own input can be augmented", "[cleaning][augmentation]") {
  std::vector<std::unique_ptr<FeatureStage>> stages;
  stages.push_back(make_feature_stage(
      rig::stage("image_feature { num_pixels: 4 output_col: 'plain' }"), "stage[0]"));
  CHECK(augmentation_of(stages, "plain") == nullptr);
  stages.push_back(make_feature_stage(rig::stage(kImages), "stage[1]"));
  CHECK(augmentation_of(stages, "image") != nullptr);
  CHECK(augmentation_of(stages, "plain") == nullptr);
  CHECK_NOTHROW(check_augmentations(stages, {"plain", "image"}));
  try {
    check_augmentations(stages, {"plain"});
    FAIL_CHECK("taken");
  } catch (const ConfigError& error) {
    CHECK(error.where().field == "stage[1].image_feature.augment");
  }
}

}  // namespace
}  // namespace lockstep::data
