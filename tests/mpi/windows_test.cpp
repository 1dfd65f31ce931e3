/// Windows of a series whose rows lie on any ranks, in partitions of any size: the same for any
/// number of ranks, from fit() to the rows that are scored.

#include <algorithm>

#include "data/features/catalogue.hpp"
#include "data/pipeline.hpp"
#include "tests/data/features/stage_rig.hpp"
#include "tests/mpi/mpi_test.hpp"

namespace lockstep::data {
namespace {

constexpr std::size_t kPartitions = 6, kLength = 4;

/// Row i of series g = i % 3 at time i: x = i. Rows lie in uneven partitions: number i * i % 6,
/// which leaves two of them empty. This rank has its own.
Dataset rows_between(std::size_t begin, std::size_t end) {
  std::vector<double> t, x, g;
  std::vector<std::vector<std::size_t>> shares(kPartitions);
  for (std::size_t i = begin; i < end; ++i) {
    t.push_back(static_cast<double>(i));
    x.push_back(static_cast<double>(i));
    g.push_back(static_cast<double>(i % 3));
    shares[i * i % kPartitions].push_back(i - begin);
  }
  const Dataset all =
      rig::table({rig::numbers("t", t), rig::numbers("x", x), rig::numbers("g", g)});
  Dataset rows;
  rows.name = "rows";
  rows.schema = all.schema;
  rows.rows = all.rows;
  rows.partitions = kPartitions;
  rows.block = dist::block_of(kPartitions, static_cast<std::size_t>(tests::world().rank()),
                              static_cast<std::size_t>(tests::world().world_size()));
  for (std::size_t p = rows.block.begin; p < rows.block.end; ++p) {
    Partition partition;
    partition.index = p;
    partition.row_ids = std::vector<std::uint64_t>(shares[p].begin(), shares[p].end());
    for (const auto& [name, column] : all.own[0].columns)
      partition.set(name, take_rows(column, shares[p]));
    rows.own.push_back(std::move(partition));
  }
  return rows;
}

/// Every window of this rank is that of its row, and all ranks together have `expected`.
void check_windows(const Dataset& rows, std::int64_t expected) {
  std::int64_t own[] = {0};
  for (const auto& partition : rows.own) {
    const auto& labels = partition.get<Numbers>("label").values;
    for (std::size_t row = 0; row < partition.rows(); ++row, ++own[0]) {
      double window[kLength];
      copy_row(partition.column("window"), row, window);
      const double last = partition.get<Numbers>("t").values[row];
      for (std::size_t i = 0; i < kLength; ++i)
        CHECK(window[i] == last - 3 * static_cast<double>(kLength - 1 - i));
      CHECK(labels[row] == last + 3);
    }
  }
  tests::world().allreduce_sum(own);
  CHECK(own[0] == expected);
  CHECK(rows.rows == static_cast<std::uint64_t>(expected));
}

}  // namespace

TEST_CASE("Windows are those of their rows on any number of ranks", "[mpi][windows]") {
  const auto stage = rig::stage(
      "windows { input_cols: 'x' target_cols: 'x' length: 4 order_col: 't' group_col: 'g' }");
  ThreadPool threads(2);
  LoadOptions options;
  Pipeline pipeline({stage}, make_feature_stage);
  Dataset training = rows_between(0, 60);  // 20 rows a series: 16 have a window and a label
  pipeline.fit({tests::world(), threads}, training, {}, options);
  check_windows(training, 3 * 16);
  // The partitions are even again.
  std::size_t fewest = 1000, most = 0;
  for (const auto& partition : training.own) {
    fewest = std::min(fewest, partition.rows());
    most = std::max(most, partition.rows());
  }
  CHECK((training.own.empty() || most - fewest <= 1));

  Dataset later = rows_between(60, 75);  // 5 a series, of which 4 know their label
  pipeline.transform({tests::world(), threads}, later, {}, options);
  check_windows(later, 3 * 4);
  Pipeline loaded(pipeline.save(), make_feature_stage);
  Dataset latest = rows_between(75, 84);
  loaded.transform({tests::world(), threads}, latest, {}, options);
  check_windows(latest, 3 * 2);

  Dataset forecast = rows_between(75, 84);
  options.labels_optional = true;
  Pipeline(pipeline.save(), make_feature_stage)
      .transform({tests::world(), threads}, forecast, {}, options);
  CHECK(forecast.rows == 9);
}

TEST_CASE("Windows: a hole in a series is an error on all ranks", "[mpi][windows]") {
  const auto stage = rig::stage("windows { input_cols: 'x' length: 2 }");
  ThreadPool threads(1);
  Dataset rows = rows_between(0, 12);
  for (auto& partition : rows.own) {
    if (partition.index == 4) partition.set("x", Numbers{std::vector(partition.rows(), kMissing)});
  }
  Pipeline pipeline({stage}, make_feature_stage);
  CHECK_THROWS_AS(pipeline.fit({tests::world(), threads}, rows, {}, {}), AgreedError);
}

}  // namespace lockstep::data
