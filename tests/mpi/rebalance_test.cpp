#include "data/rebalance.hpp"
#include "core/error.hpp"
#include "tests/mpi/mpi_test.hpp"

using namespace lockstep;
using namespace lockstep::data;
using tests::world;

namespace {

/// Rows 0 .. n - 1 of which those that `keeps` says are left, in K partitions over the ranks.
Dataset left_of(std::uint64_t n, std::size_t partitions,
                const std::function<bool(std::uint64_t)>& keeps) {
  Dataset dataset;
  dataset.name = "rows";
  dataset.partitions = partitions;
  dataset.rows = n;
  dataset.block = dist::block_of(partitions, static_cast<std::size_t>(world().rank()),
                                 static_cast<std::size_t>(world().world_size()));
  dataset.schema.add("x", {ColumnType::Kind::Number});
  dataset.schema.add("s", {ColumnType::Kind::String});
  for (std::size_t p = dataset.block.begin; p < dataset.block.end; ++p) {
    Partition partition;
    partition.index = p;
    std::vector<std::uint64_t> ids;
    std::vector<double> x;
    StringsBuilder s;
    for (auto row = partition_begin(n, partitions, p); row < partition_begin(n, partitions, p + 1);
         ++row) {
      if (!keeps(row)) continue;
      ids.push_back(1000 + row);
      x.push_back(static_cast<double>(row) / 3);
      row % 2 == 0 ? s.push(std::string_view(std::to_string(row))) : s.push_missing();
    }
    partition.row_ids = std::move(ids);
    partition.set("x", Numbers{std::move(x)});
    partition.set("s", std::move(s).finish());
    dataset.own.push_back(std::move(partition));
  }
  return dataset;
}

}  // namespace

TEST_CASE("rebalance shares out what is left in its order, on any number of ranks", "[mpi][data]") {
  ThreadPool threads(2);
  for (const std::uint64_t limit : {0U, 50U}) {
    LoadOptions options;
    options.memory_limit_bytes = limit;
    // Of 97 rows a third is left, all of them in the first and the last partitions.
    const auto keeps = [](std::uint64_t row) { return row < 20 || row % 7 == 3 || row > 90; };
    Dataset dataset = left_of(97, 8, keeps);
    rebalance({world(), threads}, dataset, options);
    std::vector<std::uint64_t> left;
    for (std::uint64_t row = 0; row < 97; ++row)
      if (keeps(row)) left.push_back(row);
    CHECK(dataset.rows == left.size());
    for (const Partition& partition : dataset.own) {
      const auto begin = partition_begin(left.size(), 8, partition.index);
      const auto end = partition_begin(left.size(), 8, partition.index + 1);
      CHECK(partition.rows() == end - begin);
      for (std::size_t i = 0; i < partition.rows(); ++i) {
        const std::uint64_t row = left[begin + i];
        CHECK(partition.row_ids[i] == 1000 + row);
        CHECK(partition.get<Numbers>("x").values[i] == static_cast<double>(row) / 3);
        CHECK(partition.get<Strings>("s").is_missing(i) == (row % 2 == 1));
        CHECK(partition.columns.size() == 2);
      }
    }
  }
}

TEST_CASE("rebalance: no rows left is a DataError on all ranks", "[mpi][data]") {
  ThreadPool threads(1);
  Dataset dataset = left_of(10, 4, [](std::uint64_t) { return false; });
  ExitCode code = ExitCode::Done;
  try {
    rebalance({world(), threads}, dataset, {});
  } catch (const AgreedError& error) {
    code = error.exit_code();
  }
  CHECK(code == ExitCode::Data);
}
