#include "data/row_order.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/data/features/stage_rig.hpp"

using namespace lockstep;
using namespace lockstep::data;

namespace {

constexpr std::uint64_t kRows = 3000;

/// Numbers with many equal, missing and broken ones; names with few values.
Dataset rows(std::size_t partitions) {
  std::vector<double> numbers;
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < kRows; ++i) {
    const auto bits = Random(5, Purpose::Test).bits(i);
    numbers.push_back(bits % 11 == 0   ? kMissing
                      : bits % 11 == 1 ? std::nan("")
                                       : static_cast<double>(bits % 101) - 50);
    texts.push_back("name " + std::to_string(bits / 101 % 700));
  }
  std::vector<const char*> names;
  for (std::uint64_t i = 0; i < kRows; ++i)
    names.push_back(i % 13 == 0 ? nullptr : texts[i].c_str());
  return rig::table({rig::numbers("x", numbers), rig::strings("name", names)}, partitions);
}

std::vector<RowKey> sorted(const Dataset& dataset, const RowOrder& order) {
  std::vector<RowKey> all;
  for (const Partition& partition : dataset.own) {
    const RowKeys keys(order, partition);
    for (std::size_t row = 0; row < partition.rows(); ++row) all.emplace_back(keys(row));
  }
  std::sort(all.begin(), all.end(),
            [](const RowKey& a, const RowKey& b) { return a.view() < b.view(); });
  return all;
}

}  // namespace

TEST_CASE("sort_value: missing, numbers ascending, NaN", "[data][split]") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Column column =
      Numbers{{kMissing, -infinity, -2.0, -1.0, 0.0, 1e-300, 3.0, infinity, std::nan("")}};
  for (std::size_t row = 1; row < 9; ++row)
    CHECK(sort_value(column, row - 1) < sort_value(column, row));
  CHECK(sort_value(Numbers{{-0.0}}, 0) == sort_value(Numbers{{0.0}}, 0));
  const Column strings = rig::strings("s", {nullptr, "", "A", "a", "ab"}).column;
  for (std::size_t row = 1; row < 5; ++row)
    CHECK(sort_value(strings, row - 1) < sort_value(strings, row));
}

TEST_CASE("rows_at finds what sorting finds, in few passes or many", "[data][split][property]") {
  ThreadPool threads(2);
  const Dataset dataset = rows(7);
  const TrainingRows fitting(nullptr, threads, dataset, 1);
  RowOrder by_strata{.strata_column = "name", .shuffle = Random(3, Purpose::Test)};
  const auto names = count_values(fitting, "name", 1000);
  REQUIRE(names.has_value());
  for (const auto& [name, count] : *names) by_strata.strata.emplace(name, by_strata.strata.size());
  const std::vector<std::uint64_t> places{0, 1, 17, 1000, 1001, 2998, 2999};
  for (const RowOrder& order : {RowOrder{}, RowOrder{.column = "x"}, RowOrder{.column = "name"},
                                RowOrder{.shuffle = Random(3, Purpose::Test)}, by_strata}) {
    const auto all = sorted(dataset, order);
    for (const Narrowing narrowing :
         {Narrowing{}, Narrowing{.pivots = 100, .collected = 100}, Narrowing{1, 1}}) {
      const auto found = rows_at(fitting, order, places, kRows, narrowing);
      REQUIRE(found.size() == places.size());
      for (std::size_t i = 0; i < places.size(); ++i)
        CHECK(found[i].view() == all[places[i]].view());
    }
  }
  CHECK(rows_at(fitting, RowOrder{}, {}, kRows).empty());
}

TEST_CASE("rows_at: a place for every row", "[data][split]") {
  ThreadPool threads(2);
  const Dataset dataset = rows(64);
  const RowOrder order{.column = "x"};
  std::vector<std::uint64_t> places;
  for (std::uint64_t i = 0; i < kRows; ++i) places.push_back(i);
  const auto found =
      rows_at(TrainingRows(nullptr, threads, dataset, 1), order, places, kRows, Narrowing{1, 1});
  const auto all = sorted(dataset, order);
  CHECK(std::equal(found.begin(), found.end(), all.begin(), all.end(),
                   [](const RowKey& a, const RowKey& b) { return a.view() == b.view(); }));
}

TEST_CASE("count_values counts missing ones, too, and gives up where there are many values",
          "[data][split]") {
  ThreadPool threads(2);
  const Dataset dataset = rig::table({rig::strings("s", {"b", "a", nullptr, "b", "", nullptr})}, 3);
  const TrainingRows fitting(nullptr, threads, dataset, 1);
  const auto counts = count_values(fitting, "s", 4);
  REQUIRE(counts.has_value());
  std::vector<std::pair<std::string, std::uint64_t>> seen;
  for (const auto& [value, n] : *counts) seen.emplace_back(value.text, n);
  CHECK(seen ==
        std::vector<std::pair<std::string, std::uint64_t>>{{"", 2}, {"", 1}, {"a", 1}, {"b", 2}});
  CHECK_FALSE(count_values(fitting, "s", 3).has_value());
}
