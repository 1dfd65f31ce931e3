/// What the stages for number and category columns learn does not depend on the number of ranks.

#include "data/features/catalogue.hpp"
#include "tests/data/features/stage_rig.hpp"
#include "tests/mpi/mpi_test.hpp"

namespace lockstep::data {
namespace {

constexpr std::size_t kRows = 3000, kPartitions = 16;

/// Numbers of all sizes with gaps and ties, a few strings, sparse vectors.
Dataset all_rows() {
  std::vector<double> numbers;
  std::vector<const char*> strings;
  std::vector<std::vector<double>> vectors;
  const char* const names[] = {"b", "a", nullptr, "d", "", "a"};
  std::uint64_t state = 1;
  const auto draw = [&](std::uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>((state >> 33) % n);
  };
  for (std::size_t row = 0; row < kRows; ++row) {
    numbers.push_back(draw(10) == 0 ? kMissing : (draw(2000) - 1000) / 7);
    strings.push_back(names[static_cast<std::size_t>(draw(6))]);
    vectors.push_back({draw(3) - 1, draw(2) * draw(40), draw(5) / 3});
  }
  return rig::table({rig::numbers("x", std::move(numbers)), rig::strings("c", strings),
                     rig::sparse("u", vectors)},
                    kPartitions);
}

Dataset part_of(const dist::Communicator& ranks, Dataset rows) {
  rows.block = dist::block_of(rows.partitions, static_cast<std::size_t>(ranks.rank()),
                              static_cast<std::size_t>(ranks.world_size()));
  std::vector<Partition> own;
  for (Partition& partition : rows.own) {
    if (partition.index >= rows.block.begin && partition.index < rows.block.end)
      own.push_back(std::move(partition));
  }
  rows.own = std::move(own);
  return rows;
}

std::string learnt(const std::string& config, const dist::Communicator* ranks,
                   const Dataset& rows) {
  ThreadPool threads(2);
  const auto stage = make_feature_stage(rig::stage(config), "stage[0]");
  stage->fit(TrainingRows(ranks, threads, rows, 1));
  return stage->save().SerializeAsString();
}

}  // namespace

TEST_CASE("Stages for columns learn the same on any number of ranks", "[mpi][columns]") {
  const Dataset rows = all_rows();
  const Dataset own = part_of(tests::world(), rows);
  for (const std::string config :
       {"string_indexer { input_cols: ['c', 'x'] output_cols: ['i', 'j'] }",
        "vector_indexer { input_col: 'u' output_col: 'v' max_categories: 6 }",
        "quantile_discretizer { input_col: 'x' output_col: 'v' num_buckets: 50 }",
        "imputer { input_col: 'x' output_col: 'v' strategy: MEAN }",
        "imputer { input_col: 'x' output_col: 'v' strategy: MEDIAN }",
        "imputer { input_col: 'x' output_col: 'v' strategy: MODE }"}) {
    INFO(config);
    CHECK(learnt(config, &tests::world(), own) == learnt(config, nullptr, rows));
  }
}

}  // namespace lockstep::data
