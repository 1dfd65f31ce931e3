#include "dist/vector_job.hpp"

#include <cstring>

#include "tests/dist/lane_values.hpp"
#include "tests/mpi/mpi_test.hpp"

namespace lockstep::dist {
namespace {

using tests::world;

/// Numbers whose sum depends on the order of the additions; different in each partition.
std::vector<double> values_of_partition(std::size_t partition, std::size_t length) {
  std::vector<double> values(length);
  for (std::size_t i = 0; i < length; ++i)
    values[i] = 1e6 * tests::lane_value(1, partition, i) + 1e-9 * static_cast<double>(i);
  return values;
}

std::vector<std::int64_t> counts_of_partition(std::size_t partition, std::size_t length) {
  std::vector<std::int64_t> counts(length);
  for (std::size_t i = 0; i < length; ++i)
    counts[i] = static_cast<std::int64_t>((partition + 3) * (i * 7919 + 1)) << 20;
  return counts;
}

bool same_bits(const std::vector<double>& left, const std::vector<double>& right) {
  return left.size() == right.size() &&
         (left.empty() ||
          std::memcmp(left.data(), right.data(), left.size() * sizeof(double)) == 0);
}

template <typename T>
std::vector<T> part(const std::vector<T>& values, Range range) {
  return {values.begin() + static_cast<std::ptrdiff_t>(range.begin),
          values.begin() + static_cast<std::ptrdiff_t>(range.end)};
}

/// The first `idle` ranks own nothing, as where there is a dedicated driver.
Range own_block(std::size_t n, std::size_t idle = 0) {
  const auto rank = static_cast<std::size_t>(world().rank());
  const auto ranks = static_cast<std::size_t>(world().world_size());
  if (idle >= ranks) idle = 0;
  return rank < idle ? Range{0, 0} : block_of(n, rank - idle, ranks - idle);
}

std::vector<std::size_t> partitions_of(Range block) {
  std::vector<std::size_t> own;
  for (std::size_t p = block.begin; p < block.end; ++p) own.push_back(p);
  return own;
}

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

struct Sums {
  std::size_t numbers;
  std::size_t failing = kNone;  // the partition that fails in map
  bool fails_to_finish = false;

  std::size_t length() const { return numbers; }
  void map(const std::size_t& partition, std::span<double> sums) const {
    if (partition == failing) throw DataError("partition " + std::to_string(partition));
    const auto values = values_of_partition(partition, numbers);
    for (std::size_t i = 0; i < numbers; ++i) sums[i] += values[i];
  }
  std::vector<double> finish(std::vector<double> total) const {
    if (fails_to_finish) throw NumericError("no result");
    return total;
  }
};

struct Histogram {
  std::size_t numbers;

  std::size_t length() const { return numbers; }
  void map(const std::size_t& partition, std::span<std::int64_t> sums) const {
    const auto counts = counts_of_partition(partition, numbers);
    for (std::size_t i = 0; i < numbers; ++i) sums[i] += counts[i];
  }
  std::vector<std::int64_t> finish(std::vector<std::int64_t> total) const { return total; }
};

const auto plainly = [](std::size_t, const auto& work) { work(); };

template <typename T, typename Leaf>
std::vector<T> serial(std::size_t partitions, std::size_t length, const Leaf& leaf) {
  return tests::serial_tree_sum(partitions, [&](std::size_t p) { return leaf(p, length); });
}

}  // namespace

TEST_CASE("reduce_scatter of doubles gives the bits of the serial tree on any number of ranks",
          "[mpi][dist]") {
  for (const std::size_t n : {1, 2, 3, 5, 13, 16, 64}) {
    for (const std::size_t length : {0, 1, 3, 1000}) {
      const auto expected = serial<double>(n, length, values_of_partition);
      const Range segment = own_segment(world(), length);
      for (const std::size_t piece : {0, 1, 7, 64, 5000}) {
        if (piece == 1 && length > 3) continue;
        const auto add = [](auto& left, const auto& right) { add_vector(left, right); };
        TreeCounter<std::vector<double>, decltype(add)> counter(n, own_block(n), add);
        for (const std::size_t p : partitions_of(own_block(n)))
          counter.push(values_of_partition(p, length));
        VectorOptions options;
        options.piece_values = piece;
        const auto own =
            reduce_scatter(world(), n, counter.nodes(), counter.values(), length, options);
        const auto whole = allgather_vector(world(), std::span<const double>(own), length);
        CHECK(same_bits(own, part(expected, segment)));
        CHECK(same_bits(whole, expected));
      }
    }
  }
}

TEST_CASE("run_vector_job gives the same bits on any number of ranks and threads", "[mpi][dist]") {
  for (const std::size_t partitions : {1, 6, 13, 16}) {
    for (const std::size_t idle : {0, 1}) {
      const Range block = own_block(partitions, idle);
      const auto own = partitions_of(block);
      const std::size_t length = 5003;
      const auto sums = serial<double>(partitions, length, values_of_partition);
      const auto counts = serial<std::int64_t>(partitions, length, counts_of_partition);
      for (const std::size_t thread_count : {1, 2}) {
        ThreadPool threads(thread_count);
        VectorOptions options;
        options.piece_values = 100;
        CHECK(same_bits(run_vector_job<double>({world(), threads}, Sums{length}, partitions, block,
                                               own, plainly, options),
                        sums));
        CHECK(run_vector_job<std::int64_t>({world(), threads}, Histogram{length}, partitions, block,
                                           own, plainly, options) == counts);
        const auto segment = run_vector_job_segment<double>({world(), threads}, Sums{length},
                                                            partitions, block, own);
        const Range range = own_segment(world(), length);
        CHECK(segment.begin == range.begin);
        CHECK(same_bits(segment.values, part(sums, range)));
        const auto counted = run_vector_job_segment<std::int64_t>(
            {world(), threads}, Histogram{length}, partitions, block, own);
        CHECK(counted.values == part(counts, range));
      }
    }
  }
}

TEST_CASE("vectors longer than a message and a round", "[mpi][dist]") {
  const std::size_t length = 1'200'007, partitions = 3;  // 9.6 MB
  const Range block = own_block(partitions);
  ThreadPool threads(1);
  VectorOptions options;
  options.round_bytes = std::size_t{3} << 20;
  CHECK(same_bits(run_vector_job<double>({world(), threads}, Sums{length}, partitions, block,
                                         partitions_of(block), plainly, options),
                  serial<double>(partitions, length, values_of_partition)));
}

TEST_CASE("int64 sums of ranks without a vector, and of several", "[mpi][dist]") {
  const std::size_t length = 17;
  const auto rank = static_cast<std::size_t>(world().rank());
  std::vector<std::vector<std::int64_t>> own(rank % 3);  // 0, 1, 2, 0, ...
  for (std::size_t i = 0; i < own.size(); ++i) own[i] = counts_of_partition(rank + i, length);
  std::vector<std::int64_t> expected(length);
  for (std::size_t r = 0; r < static_cast<std::size_t>(world().world_size()); ++r)
    for (std::size_t i = 0; i < r % 3; ++i)
      add_vector(expected, counts_of_partition(r + i, length));
  const auto segment = reduce_scatter(world(), own, length);
  CHECK(segment == part(expected, own_segment(world(), length)));
}

TEST_CASE("run_vector_job: an exception on one rank ends as an AgreedError on all", "[mpi][dist]") {
  const std::size_t partitions = 8;
  const Range block = own_block(partitions);
  const auto own = partitions_of(block);
  ThreadPool threads(2);
  const auto run = [&](const Sums& job) {
    return run_vector_job<double>({world(), threads}, job, partitions, block, own);
  };
  CHECK_THROWS_AS(run(Sums{10, 5}), AgreedError);
  CHECK_THROWS_AS(run(Sums{10, kNone, true}), AgreedError);
  CHECK(run(Sums{10}).size() == 10);
}

}  // namespace lockstep::dist
