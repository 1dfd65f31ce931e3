#include "core/touched_rows.hpp"

#include <tuple>

#include "tests/catch.hpp"

namespace lockstep {
namespace {

using Stretch = std::tuple<std::size_t, std::size_t, std::size_t>;
constexpr auto kNone = TouchedRows::kNoBlock;

std::vector<Stretch> stretches(const TouchedRows& rows, std::size_t begin, std::size_t end) {
  std::vector<Stretch> all;
  rows.for_each(begin, end, [&](std::size_t from, std::size_t to, std::size_t block) {
    all.emplace_back(from, to, block);
  });
  return all;
}

}  // namespace

TEST_CASE("TouchedRows lists what lies outside the blocks, and runs of touched rows", "[core]") {
  TouchedRows rows({{10, 70, 3}, {230, 2, 5}});  // [10, 220) and [230, 240)
  CHECK(stretches(rows, 0, 250) ==
        std::vector<Stretch>{{0, 10, kNone}, {220, 230, kNone}, {240, 250, kNone}});
  for (const std::size_t row : {31, 32, 33, 69}) rows.touch(0, row);
  rows.touch(1, 0);
  CHECK(rows.touched(0, 31));
  CHECK_FALSE(rows.touched(0, 30));
  CHECK(stretches(rows, 0, 250) == std::vector<Stretch>{{0, 10, kNone},
                                                        {103, 112, 0},
                                                        {217, 220, 0},
                                                        {220, 230, kNone},
                                                        {230, 235, 1},
                                                        {240, 250, kNone}});
  // A range may begin and end within a row.
  CHECK(stretches(rows, 104, 107) == std::vector<Stretch>{{104, 107, 0}});
  CHECK(stretches(rows, 50, 104) == std::vector<Stretch>{{103, 104, 0}});
  CHECK(stretches(rows, 112, 217).empty());
}

TEST_CASE("TouchedRows without blocks is one stretch", "[core]") {
  CHECK(stretches(TouchedRows(), 3, 8) == std::vector<Stretch>{{3, 8, kNone}});
  CHECK_FALSE(TouchedRows().reach(0, 8));
}

TEST_CASE("TouchedRows adds and touches in a range alone, to whole rows", "[core]") {
  TouchedRows rows({{0, 100, 4}}), other = rows;
  for (const std::size_t row : {0, 40, 41, 99}) other.touch(0, row);
  rows.add(other, 162, 166);  // rows 40 and 41
  CHECK(stretches(rows, 0, 400) == std::vector<Stretch>{{160, 168, 0}});
  rows.touch_all(399, 400);
  CHECK(rows.touched(0, 99));
  CHECK_FALSE(rows.touched(0, 98));
  rows.forget();
  CHECK(stretches(rows, 0, 400).empty());
}

TEST_CASE("TouchedRows clears what was touched, whole or in a range", "[core]") {
  TouchedRows rows({{2, 4, 2}});
  rows.touch(0, 1);
  rows.touch(0, 3);
  std::vector<float> values(12, 1.0f);
  rows.clear(4, 8, values.data() + 4);  // row 1, and row 2, which is not touched
  CHECK(values == std::vector<float>{1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1});
  CHECK(rows.touched(0, 3));
  rows.clear(0, 3, values.data());  // before the block, and row 0
  CHECK(values == std::vector<float>{0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1});
  rows.clear(values.data());
  CHECK(values == std::vector<float>{0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1});
  CHECK(stretches(rows, 2, 10).empty());
}

TEST_CASE("TouchedRows finds blocks by where they begin, and ranges that reach into them",
          "[core]") {
  const TouchedRows rows({{16, 4, 8}, {64, 2, 8}});
  CHECK(rows.block_at(64) == std::size_t{1});
  CHECK_FALSE(rows.block_at(24).has_value());
  CHECK_FALSE(rows.reach(48, 64));
  CHECK(rows.reach(47, 48));
  CHECK(rows.reach(0, 100));
}

}  // namespace lockstep
