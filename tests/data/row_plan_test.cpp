#include "data/row_plan.hpp"

#include <algorithm>
#include <set>

#include "core/error.hpp"
#include "tests/catch.hpp"

using namespace lockstep;
using namespace lockstep::data;

namespace {

LoadOptions one_owner(std::size_t partitions, double validation = 0) {
  LoadOptions options;
  options.partitions = partitions;
  options.blocks = {{0, partitions}};
  options.validation_fraction = validation;
  return options;
}

}  // namespace

TEST_CASE("partitions are evenly spread and differ by one row at most", "[data][row_plan]") {
  CHECK(partition_begin(10, 4, 0) == 0);
  CHECK(partition_begin(10, 4, 1) == 3);
  CHECK(partition_begin(10, 4, 2) == 5);
  CHECK(partition_begin(10, 4, 3) == 8);
  CHECK(partition_begin(10, 4, 4) == 10);
  for (const std::uint64_t rows : {1, 2, 3, 7, 64, 65, 1000}) {
    for (const std::size_t partitions : {1, 2, 5, 64, 100}) {
      for (std::size_t p = 0; p < partitions; ++p) {
        const auto size =
            partition_begin(rows, partitions, p + 1) - partition_begin(rows, partitions, p);
        CHECK(size >= rows / partitions);
        CHECK(size <= rows / partitions + 1);
      }
    }
  }
}

TEST_CASE("every row has one place, and row_at finds it again", "[data][row_plan]") {
  const auto rows = GENERATE(as<std::uint64_t>(), 1, 2, 5, 63, 200);
  const auto partitions = GENERATE(as<std::size_t>(), 1, 3, 64);
  const RowPlan plan(rows, one_owner(partitions, rows > 3 ? 0.25 : 0));
  std::set<std::tuple<int, std::size_t, std::uint64_t>> taken;
  for (std::uint64_t row = 0; row < rows; ++row) {
    const Place place = plan.place(plan.position(row));
    CHECK(place.slot < plan.partition_rows(place.part, place.partition));
    CHECK(plan.row_at(place.part, place.partition, place.slot) == row);
    CHECK(taken.emplace(static_cast<int>(place.part), place.partition, place.slot).second);
  }
  CHECK(plan.rows(Part::Training) + plan.rows(Part::Validation) == rows);
}

TEST_CASE("the first positions are validation rows", "[data][row_plan]") {
  const RowPlan plan(10, one_owner(2, 0.25));  // round(2.5) = 3
  CHECK(plan.rows(Part::Validation) == 3);
  CHECK(plan.rows(Part::Training) == 7);
  CHECK(plan.place(0).part == Part::Validation);
  CHECK(plan.place(2).part == Part::Validation);
  CHECK(plan.place(3).part == Part::Training);
  CHECK(plan.place(3).slot == 0);
  CHECK(plan.row_at(Part::Training, 0, 0) ==
        Permutation(Random(1, Purpose::Partition), 10).inverse(3));
}

TEST_CASE("a validation share that leaves no training rows is an error", "[data][row_plan]") {
  CHECK_THROWS_AS(RowPlan(1, one_owner(4, 0.9)), DataError);
}

TEST_CASE("blocks must own every partition once", "[data][row_plan]") {
  LoadOptions options = one_owner(4);
  options.blocks = {{0, 2}, {2, 2}, {2, 4}};
  const RowPlan plan(8, options);
  CHECK(plan.owner(1) == 0);
  CHECK(plan.owner(2) == 2);
  options.blocks = {{0, 2}, {3, 4}};
  CHECK_THROWS_AS(RowPlan(8, options), InternalError);
  options.blocks = {{0, 3}, {2, 4}};
  CHECK_THROWS_AS(RowPlan(8, options), InternalError);
}
