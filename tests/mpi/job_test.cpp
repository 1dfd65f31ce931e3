#include "dist/job.hpp"

#include "dist/bytes.hpp"
#include "tests/dist/lane_values.hpp"
#include "tests/mpi/mpi_test.hpp"

namespace lockstep::dist {
namespace {

using tests::world;

/// Where the association of every merge can be read.
std::string merge_text(std::string left, std::string right) {
  return "(" + left + " " + right + ")";
}

std::string text_of_tree(std::size_t n, std::size_t begin, std::size_t size) {
  if (size == 1) return std::to_string(begin);
  if (begin + size / 2 >= n) return text_of_tree(n, begin, size / 2);
  return merge_text(text_of_tree(n, begin, size / 2), text_of_tree(n, begin + size / 2, size / 2));
}

Range own_block(std::size_t n) {
  return block_of(n, static_cast<std::size_t>(world().rank()),
                  static_cast<std::size_t>(world().world_size()));
}

/// The sum of a partition's numbers, as floats: the order of additions shows in the result.
struct SumJob {
  using Piece = std::vector<float>;
  std::size_t failing =
      static_cast<std::size_t>(-1);  // the size of the partition that fails in map

  std::vector<float> map(const Piece& piece) const {
    if (piece.size() == failing) throw DataError("a partition of size " + std::to_string(failing));
    return piece;
  }
  std::vector<float> merge(std::vector<float> left, const std::vector<float>& right) const {
    for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
    return left;
  }
  std::vector<float> finish(std::vector<float> total) const {
    total.push_back(1);
    return total;
  }
  void save(const std::vector<float>& partial, std::string& bytes) const {
    bytes.assign(reinterpret_cast<const char*>(partial.data()), partial.size() * sizeof(float));
  }
  std::vector<float> load(std::string_view bytes) const {
    return values_of<float>(std::string(bytes));
  }
};

}  // namespace

TEST_CASE("merge_tree follows the tree on any number of ranks", "[mpi][dist]") {
  for (const std::size_t n : {1, 2, 3, 5, 8, 13, 64}) {
    TreeCounter<std::string, void (*)(std::string&, const std::string&)> counter(
        n, own_block(n),
        [](std::string& left, const std::string& right) { left = merge_text(left, right); });
    for (std::size_t i = own_block(n).begin; i < own_block(n).end; ++i)
      counter.push(std::to_string(i));
    std::size_t size = 1;
    while (size < n) size *= 2;
    CHECK(merge_tree(world(), n, counter.nodes(), counter.values(), merge_text) ==
          text_of_tree(n, 0, size));
  }
}

TEST_CASE("merge_tree: an exception in merge reaches all ranks", "[mpi][dist]") {
  const std::size_t n = 16;
  std::vector<std::string> values;
  const auto nodes = maximal_nodes(n, own_block(n));
  for (const Range& node : nodes) values.push_back(std::to_string(node.begin));
  const auto fail = [](std::string, std::string) -> std::string {
    throw NumericError("cannot merge");
  };
  if (world().world_size() > 1)
    CHECK_THROWS_AS(merge_tree(world(), n, nodes, values, fail), AgreedError);
  world().barrier();
}

TEST_CASE("run_job gives the bits of the serial tree on any number of ranks and threads",
          "[mpi][dist]") {
  constexpr std::size_t kFloats = 50'000;  // a few hundred KB: more than one slot
  for (const std::size_t partitions : {1, 6, 16}) {
    const Range block = own_block(partitions);
    std::vector<std::vector<float>> own;
    for (std::size_t p = block.begin; p < block.end; ++p)
      own.push_back(tests::lane_values(0, p, kFloats));
    ThreadPool threads(2);
    const auto sum = run_job({world(), threads}, SumJob{}, partitions, block, own);
    auto expected = tests::serial_tree_sum(
        partitions, [](std::size_t p) { return tests::lane_values(0, p, kFloats); });
    expected.push_back(1);
    CHECK(sum == expected);
  }
}

TEST_CASE("run_job: an exception in map on one rank ends as an AgreedError on all", "[mpi][dist]") {
  const std::size_t partitions = 8;
  const Range block = own_block(partitions);
  std::vector<std::vector<float>> own;
  for (std::size_t p = block.begin; p < block.end; ++p) own.emplace_back(p, 1.0f);
  ThreadPool threads(1);
  SumJob job;
  job.failing = 5;
  CHECK_THROWS_AS(run_job({world(), threads}, job, partitions, block, own), AgreedError);
  world().barrier();
}

}  // namespace lockstep::dist
