#include "core/random.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "tests/catch.hpp"

namespace lockstep {
namespace {

using Words = std::array<std::uint32_t, 4>;

TEST_CASE("Random is Philox4x32-10: the known answers of Random123", "[core][random]") {
  // kat_vectors, philox4x32 10. The purpose is mixed into the second counter word, times
  // 0x9E3779B9: 0 leaves it alone.
  CHECK(Random(0, Purpose{0}, 0).block(0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(Random(~0ull, Purpose{0}, ~0ull).block(~0ull) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(Random(0x299f31d0a4093822, Purpose{0}, 0x0370734413198a2e).block(0x85a308d3243f6a88) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("Random: seed, purpose, stream and index all matter", "[core][random]") {
  std::set<Words> blocks;
  for (std::uint64_t seed : {1, 2}) {
    for (auto purpose : {Purpose::Partition, Purpose::Shuffle, Purpose::Test}) {
      for (std::uint64_t stream : {0ull, 1ull, 1ull << 40}) {
        for (std::uint64_t index : {0ull, 1ull, 1ull << 33})
          blocks.insert(Random(seed, purpose, stream).block(index));
      }
    }
  }
  CHECK(blocks.size() == 2 * 3 * 3 * 3);
}

TEST_CASE("Random::bits runs through the words of the blocks", "[core][random]") {
  const Random random(3, Purpose::Test);
  for (std::uint64_t i = 0; i < 12; ++i) CHECK(random.bits(i) == random.block(i / 4)[i % 4]);
}

// Mean and variance of n numbers.
template <typename Draw>
std::pair<double, double> moments(std::uint64_t n, Draw draw) {
  double sum = 0, squares = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    const double x = draw(i);
    sum += x;
    squares += x * x;
  }
  const double mean = sum / static_cast<double>(n);
  return {mean, squares / static_cast<double>(n) - mean * mean};
}

constexpr std::uint64_t kMany = 1 << 18;
constexpr double kFive =
    5.0 / 512;  // five standard errors of the mean of kMany numbers of deviation 1

TEST_CASE("Random::uniform is uniform in [0, 1)", "[core][random]") {
  const Random random(7, Purpose::Test);
  const auto [mean, variance] = moments(kMany, [&](auto i) { return random.uniform(i); });
  CHECK(std::abs(mean - 0.5) < kFive * std::sqrt(1.0 / 12));
  CHECK(std::abs(variance - 1.0 / 12) < kFive * std::sqrt(1.0 / 180));
  std::vector<int> tenths(10);
  for (std::uint64_t i = 0; i < kMany; ++i) {
    const float x = random.uniform(i);
    REQUIRE((x >= 0 && x < 1));
    ++tenths[static_cast<std::size_t>(x * 10)];
  }
  for (const int count : tenths)
    CHECK(std::abs(count - kMany / 10.0) < 5 * std::sqrt(kMany * 0.09));
}

TEST_CASE("Random::normal has mean 0, variance 1 and the tails of a normal", "[core][random]") {
  const Random random(8, Purpose::Test);
  const auto [mean, variance] = moments(kMany, [&](auto i) { return random.normal(i); });
  CHECK(std::abs(mean) < kFive);
  CHECK(std::abs(variance - 1) < kFive * std::sqrt(2.0));
  const auto [third, unused] =
      moments(kMany, [&](auto i) { return std::pow(random.normal(i), 3); });
  CHECK(std::abs(third) < kFive * std::sqrt(15.0));
  int beyond = 0;
  for (std::uint64_t i = 0; i < kMany; ++i)
    beyond += std::abs(random.normal(i)) > 1.959963984540054;
  CHECK(std::abs(beyond - 0.05 * kMany) < 5 * std::sqrt(kMany * 0.05 * 0.95));
}

TEST_CASE("Random::below stays below and reaches everything", "[core][random]") {
  const Random random(9, Purpose::Test);
  std::vector<int> counts(7);
  for (std::uint64_t i = 0; i < 70000; ++i) ++counts.at(random.below(i, 7));
  for (const int count : counts) CHECK(std::abs(count - 10000) < 5 * std::sqrt(70000 * 6 / 49.0));
  CHECK(random.below(0, 1) == 0);
  CHECK(random.below(5, ~0ull) < ~0ull);
}

TEST_CASE("Permutation takes every place once, and inverse finds the way back", "[core][random]") {
  const auto n = GENERATE(as<std::uint64_t>{}, 1, 2, 3, 4, 5, 16, 17, 64, 65, 1000, 65537);
  const Permutation permutation(Random(4, Purpose::Test), n);
  REQUIRE(permutation.size() == n);
  std::vector<bool> taken(n);
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    const auto place = permutation(i);
    wrong += place >= n || taken[place] || permutation.inverse(place) != i;
    if (place < n) taken[place] = true;
  }
  CHECK(wrong == 0);
}

std::vector<std::uint64_t> order_of(std::uint64_t seed, std::uint64_t stream, std::uint64_t n) {
  const Permutation permutation(Random(seed, Purpose::Test, stream), n);
  std::vector<std::uint64_t> order(n);
  for (std::uint64_t i = 0; i < n; ++i) order[i] = permutation(i);
  return order;
}

TEST_CASE("Permutation: another seed or stream, another order", "[core][random]") {
  for (std::uint64_t n : {17, 1000}) {
    const std::set orders{order_of(1, 0, n), order_of(2, 0, n), order_of(1, 1, n),
                          order_of(1, 2, n)};
    CHECK(orders.size() == 4);
    CHECK(order_of(1, 0, n) == order_of(1, 0, n));
  }
}

TEST_CASE("Permutation of three reaches all six orders, none of them rarely", "[core][random]") {
  std::map<std::vector<std::uint64_t>, int> counts;
  for (std::uint64_t seed = 0; seed < 6000; ++seed) ++counts[order_of(seed, 0, 3)];
  CHECK(counts.size() == 6);
  for (const auto& [order, count] : counts)
    CHECK(std::abs(count - 1000) < 5 * std::sqrt(6000 * 5 / 36.0));
}

TEST_CASE("Permutation leaves no trace of the old order", "[core][random]") {
  // Of 4096 places about one stays where it was, and neighbours are as far apart as any two: a
  // third of the length.
  constexpr std::uint64_t n = 4096;
  const auto order = order_of(11, 0, n);
  int fixed = 0;
  double distance = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    fixed += order[i] == i;
    if (i > 0)
      distance += std::abs(static_cast<double>(order[i]) - static_cast<double>(order[i - 1]));
  }
  CHECK(fixed <= 8);
  CHECK(distance / (n - 1) == Approx(n / 3.0).epsilon(0.05));
}

TEST_CASE("stream_of keeps epoch and lane apart", "[core][random]") {
  std::set<std::uint64_t> streams;
  for (std::uint64_t epoch = 0; epoch < 50; ++epoch) {
    for (std::uint64_t lane : {0ull, 1ull, 7ull, (1ull << 20) - 1})
      streams.insert(stream_of(epoch, lane));
  }
  CHECK(streams.size() == 200);
}

}  // namespace
}  // namespace lockstep
