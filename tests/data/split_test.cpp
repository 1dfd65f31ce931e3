#include "data/split.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "core/error.hpp"
#include "tests/data/features/stage_rig.hpp"

using namespace lockstep;
using namespace lockstep::data;

namespace {

using Ids = std::vector<std::uint64_t>;
using PartsOfRows = std::vector<std::size_t>;  // by row id

proto::Split config_of(const std::string& text) {
  proto::Split config;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &config));
  return config;
}

ThreadPool& threads() {
  static ThreadPool pool(2);
  return pool;
}

Splitting fitted(const std::string& config, const Dataset& dataset, std::uint64_t seed = 1) {
  Splitting splitting(config_of(config), "data.split");
  splitting.check(dataset.schema);
  splitting.fit(TrainingRows(nullptr, threads(), dataset, seed));
  return splitting;
}
Folds made_folds(FoldOptions options, const Dataset& dataset) {
  Folds folds(std::move(options), "tune.cross_validator");
  folds.check(dataset.schema);
  folds.fit(TrainingRows(nullptr, threads(), dataset, 1));
  return folds;
}

/// The part of every row, by row id; every row has exactly one.
template <typename PartOfRow>
PartsOfRows parts_of(const Dataset& dataset, const PartOfRow& part) {
  std::map<std::uint64_t, std::size_t> parts;
  for (const Partition& partition : dataset.own) {
    for (std::size_t row = 0; row < partition.rows(); ++row)
      CHECK(parts.emplace(partition.row_ids[row], part(partition, row)).second);
  }
  PartsOfRows in_order;
  for (const auto& [id, p] : parts) in_order.push_back(p);
  return in_order;
}
PartsOfRows parts_of(const Dataset& dataset, const Splitting& splitting) {
  return parts_of(dataset, [&](const auto& p, std::size_t row) { return splitting.part(p, row); });
}
PartsOfRows parts_of(const Dataset& dataset, const Folds& folds) {
  return parts_of(dataset, [&](const auto& p, std::size_t row) { return folds.fold(p, row); });
}
PartsOfRows split(const std::string& config, const Dataset& dataset, std::uint64_t seed = 1) {
  const Splitting splitting = fitted(config, dataset, seed);
  const PartsOfRows parts = parts_of(dataset, splitting);
  for (std::size_t p = 0; p < splitting.parts(); ++p)
    CHECK(splitting.sizes()[p] ==
          static_cast<std::uint64_t>(std::count(parts.begin(), parts.end(), p)));
  CHECK(splitting.sizes().size() == splitting.parts());
  return parts;
}

Ids sizes_of(const PartsOfRows& parts, std::size_t count) {
  Ids sizes(count);
  for (const std::size_t part : parts) ++sizes.at(part);
  return sizes;
}

/// Rows with a class of which there are few and many, a customer, a day and a part.
constexpr std::size_t kRows = 1000;
std::vector<rig::TableColumn> columns() {
  static std::vector<std::string> customers, days;  // owners of the texts
  std::vector<double> label, customer_number, day_number, part;
  std::vector<const char*> customer, day;
  customers.clear();
  days.clear();
  for (std::size_t i = 0; i < kRows; ++i) {
    const auto bits = Random(9, Purpose::Test).bits(i);
    label.push_back(bits % 20 == 0 ? kMissing : bits % 20 < 3 ? 2.0 : bits % 20 < 8 ? 1.0 : 0.0);
    customers.push_back("customer " + std::to_string(bits % 300));
    days.push_back("2024-" + std::to_string(10 + bits % 3) + "-" + std::to_string(10 + bits % 19));
    customer_number.push_back(static_cast<double>(bits % 300));
    day_number.push_back(bits % 31 == 0 ? kMissing : static_cast<double>(bits % 100) - 50);
    part.push_back(static_cast<double>(bits % 3));
  }
  for (std::size_t i = 0; i < kRows; ++i) {
    customer.push_back(i % 50 == 0 ? nullptr : customers[i].c_str());
    day.push_back(days[i].c_str());
  }
  return {rig::numbers("label", label),
          rig::strings("customer", customer),
          rig::numbers("customer_number", customer_number),
          rig::strings("day", day),
          rig::numbers("day_number", day_number),
          rig::numbers("part", part)};
}

/// The rows as load() spreads them: row ids by a permutation.
Dataset spread(const std::vector<rig::TableColumn>& columns, std::size_t partitions) {
  const std::size_t n = rows_of(columns.at(0).column);
  const Permutation permutation(Random(42, Purpose::Partition), n);
  std::vector<std::size_t> at(n);
  for (std::size_t i = 0; i < n; ++i) at[permutation(i)] = i;
  std::vector<rig::TableColumn> moved = columns;
  for (auto& column : moved) column.column = take_rows(column.column, at);
  Dataset dataset = rig::table(moved, partitions);
  for (Partition& partition : dataset.own) {
    Ids ids;
    for (const std::uint64_t position : partition.row_ids) ids.push_back(at[position]);
    partition.row_ids = std::move(ids);
  }
  return dataset;
}

Dataset counted(std::size_t rows, std::size_t partitions = 3) {
  return rig::table({rig::numbers("x", std::vector<double>(rows))}, partitions);
}

/// 4 i + 1 in place of row id i.
Dataset with_gaps(Dataset dataset) {
  for (Partition& partition : dataset.own) {
    Ids ids;
    for (const std::uint64_t id : partition.row_ids) ids.push_back(4 * id + 1);
    partition.row_ids = std::move(ids);
  }
  return dataset;
}

}  // namespace

TEST_CASE("split: random parts have exact sizes", "[data][split]") {
  const auto sizes = [](const std::string& config, std::size_t rows) {
    return sizes_of(split(config, counted(rows)), config_of(config).weights_size());
  };
  CHECK(sizes("weights: [0.8, 0.2]", 1000) == Ids{800, 200});
  CHECK(sizes("weights: [0.7, 0.2, 0.1]", 1000) == Ids{700, 200, 100});
  CHECK(sizes("weights: [0.7, 0.2, 0.1]", 10) == Ids{7, 2, 1});
  CHECK(sizes("weights: [0.7, 0.2, 0.1]", 7) == Ids{5, 1, 1});  // ends at 4.9 and 6.3
  CHECK(sizes("weights: [0.7, 0.2, 0.1]", 1) == Ids{1, 0, 0});
  CHECK(sizes("weights: [1, 0, 3]", 8) == Ids{2, 0, 6});
  CHECK(sizes("weights: [1, 0]", 8) == Ids{8, 0});
}

TEST_CASE("split: random parts are a permutation by the seed", "[data][split]") {
  const Dataset dataset = counted(500);
  const auto parts = split("weights: [0.7, 0.2, 0.1]", dataset, /*seed=*/7);
  const Permutation permutation(Random(7, Purpose::Split), 500);
  for (std::uint64_t row = 0; row < 500; ++row) {
    const std::uint64_t place = permutation(row);
    CHECK(parts[row] == (place < 350 ? 0U : place < 450 ? 1U : 2U));
  }
  CHECK(split("weights: [70, 20, 10]", dataset, 7) == parts);
  CHECK(split("weights: [70, 20, 10] seed: 7", dataset, 1) == parts);
  CHECK(split("weights: [70, 20, 10] seed: 8", dataset, 7) != parts);
  CHECK(split("weights: [0.7, 0.2, 0.1]", dataset, 8) != parts);
}

TEST_CASE("split: rows that are not numbered through have exact sizes, too", "[data][split]") {
  const Dataset dataset = with_gaps(counted(100));
  const auto random = split("weights: [0.7, 0.2, 0.1]", dataset);
  CHECK(sizes_of(random, 3) == Ids{70, 20, 10});
  CHECK_FALSE(std::is_sorted(random.begin(), random.end()));
  const auto in_order = split("weights: [0.7, 0.2, 0.1] in_order: true", dataset);
  CHECK(sizes_of(in_order, 3) == Ids{70, 20, 10});
  CHECK(std::is_sorted(in_order.begin(), in_order.end()));
  CHECK(sizes_of(parts_of(dataset, made_folds({.folds = 3}, dataset)), 3) == Ids{34, 33, 33});
}

TEST_CASE("split: the same rows whatever the partitions", "[data][split][property]") {
  const auto all = columns();
  for (const std::string way : {"", "stratify_by: 'label'", "stratify_by: 'customer'",
                                "group_by: 'customer'", "group_by: 'customer_number'",
                                "order_by: 'day'", "order_by: 'day_number'", "in_order: true"}) {
    const std::string config = "weights: [0.7, 0.2, 0.1] " + way;
    INFO(config);
    const auto parts = split(config, rig::table(all, 1));
    CHECK(sizes_of(parts, 3)[2] > 0);
    for (const std::size_t partitions : {1, 2, 7, 64}) {
      CHECK(split(config, rig::table(all, partitions)) == parts);
      CHECK(split(config, spread(all, partitions)) == parts);
    }
    CHECK(split(config, rig::table(all, 2000)) == parts);  // many without rows
  }
}

TEST_CASE("split: every class has its share of every part", "[data][split]") {
  std::vector<double> label;
  std::vector<const char*> name;
  for (std::size_t i = 0; i < 100; ++i) {
    label.push_back(i % 10 == 9 ? kMissing : i % 10 < 6 ? 3.5 : -2);
    name.push_back(i % 10 == 9 ? nullptr : i % 10 < 6 ? "" : "yes");
  }
  const Dataset dataset = rig::table({rig::numbers("label", label), rig::strings("name", name)}, 4);
  for (const std::string column : {"label", "name"}) {
    const auto parts = split("weights: [0.7, 0.2, 0.1] stratify_by: '" + column + "'", dataset);
    std::map<std::size_t, Ids> of_class;
    for (std::size_t i = 0; i < 100; ++i) {
      Ids& sizes = of_class[i % 10 == 9 ? 2U : i % 10 < 6 ? 0U : 1U];
      sizes.resize(3);
      ++sizes[parts[i]];
    }
    CHECK(of_class[0] == Ids{42, 12, 6});
    CHECK(of_class[1] == Ids{21, 6, 3});
    CHECK(of_class[2] == Ids{7, 2, 1});
  }
  CHECK(split("weights: [1, 1] stratify_by: 'label'", dataset, 1) !=
        split("weights: [1, 1] stratify_by: 'label'", dataset, 2));
}

TEST_CASE("sizes_by_weights: largest remainders, ties in the order of the classes",
          "[data][split]") {
  // 15 rows: part 0 ends at round(7.5) = 8, so that part 1 has 7, 2 1/3 of each class.
  CHECK(sizes_by_weights({5, 5, 5}, {1, 1}) == Sizes{{2, 3}, {3, 2}, {3, 2}});
  // Part 1 has 2 of 10 rows, 0.2, 0.6 and 1.2 of the classes.
  CHECK(sizes_by_weights({1, 3, 6}, {8, 2}) == Sizes{{1, 0}, {2, 1}, {5, 1}});
  CHECK(sizes_by_weights({0, 0}, {8, 2}) == Sizes{{0, 0}, {0, 0}});
  CHECK(sizes_by_weights({4}, {1, 0, 1}) == Sizes{{2, 0, 2}});
}

TEST_CASE("sizes_by_weights: nothing is lost, and shares are nearly kept",
          "[data][split][property]") {
  const Random random(4, Purpose::Test);
  for (std::uint64_t i = 0; i < 300; ++i) {
    std::vector<std::uint64_t> classes;
    for (std::uint64_t c = 0; c <= random.below(2 * i, 12); ++c)
      classes.push_back(random.below(1000 + 16 * i + c, i < 150 ? 10 : 10000));
    const std::vector<double> weights{0.5, random.uniform(4 * i), random.uniform(4 * i + 1)};
    const double total = weights[0] + weights[1] + weights[2];
    const Sizes sizes = sizes_by_weights(classes, weights);
    const auto n = static_cast<double>(std::accumulate(classes.begin(), classes.end(), 0UL));
    for (std::size_t c = 0; c < classes.size(); ++c) {
      CHECK(std::accumulate(sizes[c].begin(), sizes[c].end(), 0UL) == classes[c]);
      for (std::size_t p = 0; p < 3; ++p) {
        const double share = static_cast<double>(classes[c]) * weights[p] / total;
        CHECK(std::abs(static_cast<double>(sizes[c][p]) - share) <= 2.5);
      }
    }
    for (std::size_t p = 0; p < 3; ++p) {
      double size = 0;
      for (const auto& of_class : sizes) size += static_cast<double>(of_class[p]);
      CHECK(std::abs(size - n * weights[p] / total) <= 1);
    }
  }
}

TEST_CASE("equal_sizes deals the classes out", "[data][split]") {
  CHECK(equal_sizes({5, 5, 5}, 3) == Sizes{{2, 2, 1}, {2, 1, 2}, {1, 2, 2}});
  CHECK(equal_sizes({10}, 4) == Sizes{{3, 3, 2, 2}});
  CHECK(equal_sizes({1, 0, 1}, 2) == Sizes{{1, 0}, {0, 0}, {0, 1}});
}

TEST_CASE("split: a group goes to one part, whatever the other rows are", "[data][split]") {
  std::vector<double> group;
  for (std::size_t i = 0; i < 6000; ++i) group.push_back(static_cast<double>(i % 2000));
  const auto parts =
      split("weights: [0.8, 0.2] group_by: 'g'", rig::table({rig::numbers("g", group)}, 5));
  for (std::size_t i = 0; i < 6000; ++i) CHECK(parts[i] == parts[i % 2000]);
  const auto validation = static_cast<double>(sizes_of(parts, 2)[1]);
  CHECK(validation == Approx(1200).margin(150));  // 3 standard deviations of 400 groups are 54
  // The same value in other rows, and as text.
  const auto few = split("weights: [0.8, 0.2] group_by: 'g'",
                         rig::table({rig::numbers("g", {1999, 7, 8, -0.0})}, 2));
  CHECK(few == PartsOfRows{parts[1999], parts[7], parts[8], parts[0]});
  const auto text = split("weights: [0.8, 0.2] group_by: 'g'",
                          rig::table({rig::strings("g", {"1999.0", "7.0", "8.0", "0.0"})}, 2));
  CHECK(text == few);
  CHECK(split("weights: [0.8, 0.2] group_by: 'g'", rig::table({rig::numbers("g", group)}, 5), 2) !=
        parts);
}

TEST_CASE("split: -0.0 and 0.0 are one group", "[data][split]") {
  const Dataset dataset = rig::table({rig::numbers("g", {0.0, -0.0})});
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto parts = split("weights: [1, 1] group_by: 'g'", dataset, seed);
    CHECK(parts[0] == parts[1]);
  }
}

TEST_CASE("split: rows without a group stay together", "[data][split]") {
  std::vector<const char*> group(300, nullptr);
  group[7] = "seven";
  const auto parts =
      split("weights: [1, 1] group_by: 'g'", rig::table({rig::strings("g", group)}, 5));
  for (std::size_t i = 0; i < 300; ++i) CHECK((i == 7 || parts[i] == parts[0]));
}

TEST_CASE("split: in the order of a column, missing values first, equal ones by row",
          "[data][split]") {
  const std::string config = "weights: [0.5, 0.3, 0.2] order_by: 'x'";
  const double nan = std::nan("");
  CHECK(split(config, rig::table({rig::numbers("x", {5, nan, 1, 1, 1, kMissing, -3, 0.0, -0.0, 9})},
                                 3)) == PartsOfRows{1, 2, 0, 1, 1, 0, 0, 0, 0, 2});
  CHECK(split(config, rig::table({rig::strings("x", {"2024-01-05", "2023-12-31", nullptr, "2024",
                                                     "2024-01-05", "2024-02-01", "2024-01-31",
                                                     "2024-01-05", "2025-01-01", ""})},
                                 4)) == PartsOfRows{0, 0, 0, 0, 1, 2, 1, 1, 2, 0});
}

TEST_CASE("split: in the order of the file", "[data][split]") {
  CHECK(split("weights: [0.5, 0.3, 0.2] in_order: true", counted(10)) ==
        PartsOfRows{0, 0, 0, 0, 0, 1, 1, 1, 2, 2});
  CHECK(split("weights: [6, 4] in_order: true", counted(3)) == PartsOfRows{0, 0, 1});
  CHECK(split("weights: [6, 4] in_order: false", counted(100)) ==
        split("weights: [6, 4]", counted(100)));
}

TEST_CASE("split: the part that a column says", "[data][split]") {
  CHECK(split("part_col: 'p'", rig::table({rig::numbers("p", {0, 2, 1, 0})}, 2)) ==
        PartsOfRows{0, 2, 1, 0});
  CHECK(split("part_col: 'p'",
              rig::table({rig::strings("p", {"train", "test", "validation", "0", "1", "2"})}, 2)) ==
        PartsOfRows{0, 2, 1, 0, 1, 2});
  const auto refused = [](const rig::TableColumn& column, const std::string& what) {
    try {
      fitted("part_col: 'p'", rig::table({column}, 2));
      FAIL("not refused");
    } catch (const DataError& error) {
      CHECK_THAT(error.what(), has_text(what));
      CHECK(error.where().field == "data.split.part_col");
      CHECK_THAT(error.advice(), has_text("train, validation, test, or 0 to 2"));
    }
  };
  refused(rig::numbers("p", {0, 1, 3}), "'3' in column 'p' names no part: row 3");
  refused(rig::numbers("p", {0, kMissing, 1}),
          "a missing value in column 'p' names no part: row 2");
  refused(rig::numbers("p", {0.5}), "'0.5'");
  refused(rig::strings("p", {"train", "Test"}), "'Test' in column 'p' names no part: row 2");
  refused(rig::strings("p", {nullptr}), "a missing value");
}

TEST_CASE("split: configs that cannot be meant so", "[data][split]") {
  const auto refused = [](const std::string& config, const std::string& field,
                          const std::string& what) {
    INFO(config);
    try {
      Splitting(config_of(config), "data.split").check(rig::table(columns()).schema);
      FAIL("not refused");
    } catch (const ConfigError& error) {
      CHECK_THAT(error.what(), has_text(what));
      CHECK(error.where().field == "data.split." + field);
    }
  };
  refused("", "weights", "not 0");
  refused("weights: 1", "weights", "not 1");
  refused("weights: [1, 1, 1, 1]", "weights", "not 4");
  refused("weights: [1, -1]", "weights", "-1 is not a weight");
  refused("weights: [1, nan]", "weights", "nan is not a weight");
  refused("weights: [inf, 1]", "weights", "inf is not a weight");
  refused("weights: [0, 1]", "weights", "train has no weight");
  refused("weights: [1e308, 1e308]", "weights", "too large");
  refused("weights: [1, 1] part_col: 'part'", "weights", "part_col says");
  refused("weights: [1, 1] stratify_by: 'label' group_by: 'customer'", "group_by",
          "both by stratify_by and by group_by");
  refused("weights: [1, 1] order_by: 'day' in_order: true", "order_by", "both by in_order");
  refused("weights: [1, 1] stratify_by: 'labl'", "stratify_by", "labl");
  const Schema schema = rig::table({rig::dense("v", {{1, 2}})}).schema;
  CHECK_THROWS_AS(Splitting(config_of("weights: [1, 1] group_by: 'v'"), "").check(schema),
                  ConfigError);
}

TEST_CASE("split: more classes than can be meant, and no rows at all", "[data][split]") {
  std::vector<double> many(kMostClasses + 1);
  std::iota(many.begin(), many.end(), 0.0);
  try {
    fitted("weights: [1, 1] stratify_by: 'x'", rig::table({rig::numbers("x", many)}, 3));
    FAIL("not refused");
  } catch (const DataError& error) {
    CHECK_THAT(error.what(), has_text("more than 10000 different values"));
    CHECK(error.where().field == "data.split.stratify_by");
  }
  many.pop_back();
  const auto parts =
      split("weights: [1, 1] stratify_by: 'x'", rig::table({rig::numbers("x", many)}));
  CHECK(sizes_of(parts, 2) == Ids{5000, 5000});
  for (const std::string way : {"", "stratify_by: 'x'", "group_by: 'x'", "order_by: 'x'"})
    CHECK_THROWS_AS(fitted("weights: [1, 1] " + way, counted(0)), DataError);
}

TEST_CASE("folds: random ones differ by a row at most", "[data][split]") {
  const Dataset dataset = counted(100);
  const auto folds = parts_of(dataset, made_folds({.folds = 3, .seed = 5}, dataset));
  CHECK(sizes_of(folds, 3) == Ids{34, 33, 33});
  CHECK(parts_of(dataset, made_folds({.folds = 3, .seed = 6}, dataset)) != folds);
  CHECK(split("weights: [34, 33, 33]", dataset, 5) != folds);  // shares no numbers with splits
}

TEST_CASE("folds: the same whatever the partitions", "[data][split][property]") {
  const auto all = columns();
  for (const FoldOptions& options :
       {FoldOptions{.folds = 7}, FoldOptions{.folds = 7, .stratify_by = "label"},
        FoldOptions{.folds = 7, .group_by = "customer"}, FoldOptions{.fold_col = "part"}}) {
    const auto folds = parts_of(rig::table(all), made_folds(options, rig::table(all)));
    for (const std::size_t partitions : {2, 7, 64}) {
      const Dataset cut = rig::table(all, partitions), other = spread(all, partitions);
      CHECK(parts_of(cut, made_folds(options, cut)) == folds);
      CHECK(parts_of(other, made_folds(options, other)) == folds);
    }
  }
}

TEST_CASE("folds: every class is spread evenly", "[data][split]") {
  const Dataset dataset = rig::table(columns(), 3);
  const auto folds = parts_of(dataset, made_folds({.folds = 5, .stratify_by = "label"}, dataset));
  const auto labels = rig::numbers(dataset, "label");
  for (const double label : {0.0, 1.0, 2.0, kMissing}) {
    Ids sizes(5);
    for (std::size_t i = 0; i < kRows; ++i) {
      if (sort_value(Numbers{{labels[i]}}, 0) == sort_value(Numbers{{label}}, 0)) ++sizes[folds[i]];
    }
    const auto [least, most] = std::minmax_element(sizes.begin(), sizes.end());
    CHECK(*least > 0);
    CHECK(*most - *least <= 1);
  }
  CHECK(sizes_of(folds, 5) == Ids{200, 200, 200, 200, 200});
}

TEST_CASE("folds: groups stay whole in folds of about equal size", "[data][split]") {
  std::vector<double> group;  // of 50, 30, 20, 20, 10, 10, 10 rows
  double number = 0;
  for (const std::size_t rows : {20, 10, 50, 10, 30, 10, 20}) {
    group.insert(group.end(), rows, number);
    ++number;
  }
  const Dataset dataset = rig::table({rig::numbers("g", group)}, 4);
  const auto folds = parts_of(dataset, made_folds({.folds = 3, .group_by = "g"}, dataset));
  for (std::size_t i = 0; i < group.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (group[i] == group[j]) CHECK(folds[i] == folds[j]);
    }
  }
  // 50, then 30, then 20 and 20; of the tens two join the 30, one the 40.
  CHECK(sizes_of(folds, 3) == Ids{50, 50, 50});
  CHECK_THROWS_AS(made_folds({.folds = 8, .group_by = "g"}, dataset), DataError);
}

TEST_CASE("folds: groups too many to be counted are hashed", "[data][split]") {
  std::vector<double> group;
  for (std::size_t i = 0; i < 3000; ++i) group.push_back(static_cast<double>(i % 1000));
  const Dataset dataset = rig::table({rig::numbers("g", group)}, 4);
  const auto part = even_groups(TrainingRows(nullptr, threads(), dataset, 1),
                                Random(1, Purpose::Folds), "g", 3, /*most=*/999);
  const auto folds = parts_of(dataset, part);
  for (std::size_t i = 0; i < 3000; ++i) CHECK(folds[i] == folds[i % 1000]);
  for (const std::uint64_t size : sizes_of(folds, 3))
    CHECK(static_cast<double>(size) == Approx(1000).margin(150));
}

TEST_CASE("folds: the fold that a column says", "[data][split]") {
  const Dataset dataset = rig::table({rig::numbers("f", {0, 1, 2, 0, 1, 2})}, 2);
  CHECK(parts_of(dataset, made_folds({.folds = 3, .fold_col = "f"}, dataset)) ==
        PartsOfRows{0, 1, 2, 0, 1, 2});
  const auto refused = [&](std::size_t folds, const std::string& what) {
    try {
      made_folds({.folds = folds, .fold_col = "f"}, dataset);
      FAIL("not refused");
    } catch (const DataError& error) {
      CHECK_THAT(error.what(), has_text(what));
    }
  };
  refused(2, "'2' in column 'f' names no part: row 3");
  refused(4, "fold 3 (counted from 0) of 4 has no rows");
  CHECK_THROWS_AS(made_folds({.folds = 1}, dataset), ConfigError);
  CHECK_THROWS_AS(made_folds({.folds = 2, .stratify_by = "f", .fold_col = "f"}, dataset),
                  ConfigError);
  const Dataset text = rig::table({rig::strings("f", {"0", "1"})});
  CHECK_THROWS_AS(made_folds({.folds = 2, .fold_col = "f"}, text), ConfigError);
}
