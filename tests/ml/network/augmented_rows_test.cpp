#include <algorithm>
#include <map>

#include "data/features/vectors/augmentation.hpp"
#include "ml/network/lane_rows.hpp"
#include "tests/catch.hpp"

namespace lockstep::ml {
namespace {

constexpr std::uint64_t kRows = 20;
const Shape kShape{1, 3, 2};

// Row id i is the image 10 i + 0, 1, ... 5; the ids are not in order.
data::Dataset images(std::size_t partitions) {
  data::Dataset dataset;
  dataset.rows = kRows;
  dataset.partitions = partitions;
  dataset.block = {0, partitions};
  for (std::size_t p = 0; p < partitions; ++p) {
    data::Partition partition;
    partition.index = p;
    std::vector<std::uint64_t> ids;
    std::vector<float> pixels;
    for (auto at = data::partition_begin(kRows, partitions, p);
         at < data::partition_begin(kRows, partitions, p + 1); ++at) {
      ids.push_back(kRows - 1 - at);
      for (std::uint64_t i = 0; i < 6; ++i)
        pixels.push_back(static_cast<float>(10 * ids.back() + i));
    }
    partition.row_ids = ids;
    partition.set("image", data::Images{kShape, pixels});
    dataset.own.push_back(std::move(partition));
  }
  return dataset;
}

data::Augmentation augmentation() {
  proto::ImageAugmentation config;
  config.set_horizontal_flip(0.5);
  config.set_random_crop_padding(1);
  return {config, kShape, {0}, {0}, "augment"};
}

struct Pair {
  std::vector<float> input, target;
  bool operator==(const Pair&) const = default;
};

// What a network sees in an epoch, by row id: the image as input and as target.
std::map<std::uint64_t, Pair> seen(std::size_t lanes, std::size_t lane_size, std::uint64_t epoch,
                                   const data::Augmentation* how, std::uint64_t first_batch = 0) {
  const StepPlan plan{kRows, lanes, lanes, lane_size, 1};
  const auto dataset = images(lanes);
  std::map<std::uint64_t, Pair> all;
  for (std::size_t l = 0; l < lanes; ++l) {
    LaneRows lane(dataset, plan, l, 7, {true, how, ""});
    lane.start_epoch(epoch);
    for (auto batch = first_batch; batch < plan.batches_per_epoch(); ++batch) {
      const std::size_t rows = lane.rows_of_batch(batch);
      std::vector<std::uint64_t> ids(rows);
      std::vector<float> input(rows * 6), target(rows * 6);
      lane.gather(batch, {"image", "image"}, {input, target, {}, ids});
      for (std::size_t i = 0; i < rows; ++i) {
        const auto part = [i](const std::vector<float>& from) {
          const auto begin = from.begin() + static_cast<std::ptrdiff_t>(6 * i);
          return std::vector<float>(begin, begin + 6);
        };
        all[ids[i]] = {part(input), part(target)};
      }
    }
  }
  return all;
}

TEST_CASE("the input of a training row is augmented by (seed, epoch, row), the target never",
          "[ml][augmentation]") {
  const auto how = augmentation();
  int changed = 0;
  for (const auto& [row, pair] : seen(2, 3, 1, &how)) {
    std::vector<float> plain(6);
    for (std::size_t i = 0; i < 6; ++i) plain[i] = static_cast<float>(10 * row + i);
    CHECK(pair.target == plain);
    changed += pair.input != plain;
    how.apply(7, 1, row, plain);
    CHECK(pair.input == plain);
  }
  CHECK(changed > 10);
}

TEST_CASE("lanes, batches and where a run is taken up do not change what a row becomes",
          "[ml][augmentation]") {
  const auto how = augmentation();
  const auto whole = seen(1, 5, 3, &how);
  CHECK(whole.size() == kRows);
  CHECK(seen(4, 2, 3, &how) == whole);
  CHECK(seen(1, 5, 4, &how) != whole);
  const auto resumed = seen(1, 5, 3, &how, 2);  // in the middle of the epoch
  CHECK(resumed.size() == 10);
  for (const auto& [row, pair] : resumed) CHECK(pair == whole.at(row));
}

TEST_CASE("without augmentation the rows are plain", "[ml][augmentation]") {
  for (const auto& [row, pair] : seen(2, 3, 1, nullptr)) CHECK(pair.input == pair.target);
}

}  // namespace
}  // namespace lockstep::ml
