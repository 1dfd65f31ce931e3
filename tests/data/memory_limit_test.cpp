#include "data/storage/memory_limit.hpp"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "core/files.hpp"
#include "core/process_memory.hpp"
#include "data/storage/mapped_pages.hpp"
#include "data/storage/partition_file.hpp"
#include "tests/catch.hpp"
#include "tests/data/temporary_folder.hpp"

using namespace lockstep;
using namespace lockstep::data;

namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;

/// How many are inside at a time, at most.
class Crowd {
 public:
  void visit() {
    const int now = ++inside_;
    for (int most = most_; most < now && !most_.compare_exchange_weak(most, now);) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    --inside_;
  }
  int most() const { return most_; }

 private:
  std::atomic<int> inside_ = 0, most_ = 0;
};

}  // namespace

TEST_CASE("the shares of those who are there together are no more than the limit",
          "[data][memory]") {
  const MemoryShares shares(256 * kMegabyte);
  CHECK(shares.batches + shares.packs + 2 * shares.messages <= 256 * kMegabyte);
  CHECK(shares.packs + shares.partitions <= 256 * kMegabyte);
  const MemoryShares tiny(1);
  CHECK(tiny.batches == 1);  // 0 would be: without limit
  const MemoryShares none(0);
  CHECK(none.batches == 0);
  CHECK(none.partitions == 0);
}

TEST_CASE("make_partitions: as many at a time as the limit has room for", "[data][memory]") {
  ThreadPool threads(4);
  // Half of the limit is for partitions: 5 MB. Each takes 2 MB, so two fit, not three.
  Crowd crowd;
  std::atomic<std::size_t> made = 0;
  const auto largest = make_partitions(threads, 12, 10 * kMegabyte, [&](std::size_t i) {
    crowd.visit();
    ++made;
    return i == 5 ? 2 * kMegabyte : kMegabyte * 19 / 10;
  });
  CHECK(made == 12);
  CHECK(largest == 2 * kMegabyte);
  CHECK(crowd.most() <= 2);
}

TEST_CASE("make_partitions: what is larger than the limit is made, one at a time",
          "[data][memory]") {
  ThreadPool threads(3);
  Crowd crowd;
  make_partitions(threads, 6, 1, [&](std::size_t) {
    crowd.visit();
    return kMegabyte;
  });
  CHECK(crowd.most() == 1);
}

TEST_CASE("make_partitions: one that fails lets the others pass", "[data][memory]") {
  ThreadPool threads(2);
  std::atomic<int> made = 0;
  CHECK_THROWS_AS(make_partitions(threads, 8, 1,
                                  [&](std::size_t i) -> std::uint64_t {
                                    if (i == 1) throw std::runtime_error("no room on the disk");
                                    ++made;
                                    return kMegabyte;
                                  }),
                  std::runtime_error);
  CHECK(made == 5);  // 0, and 4 .. 7 of the other thread
}

TEST_CASE("MappedPages gives pages back when their share is full", "[data][memory]") {
  const tests::TemporaryFolder folder;
  constexpr std::size_t kValues = 4'000'000;  // 32 MB
  Dataset dataset;
  dataset.memory_limit_bytes = 16 * kMegabyte;
  dataset.own.resize(1);
  dataset.own[0].row_ids = std::vector<std::uint64_t>(kValues);
  dataset.own[0].set("x", Numbers{std::vector<double>(kValues, 0.5)});
  CHECK(payload_bytes(dataset.own[0]) == kValues * 16);
  move_to_disk(dataset.own[0], folder.path());
  MappedPages pages(dataset);
  pages.check();  // knows now how much the program itself has
  const std::uint64_t before = resident_file_bytes();
  const auto& values = dataset.own[0].get<Numbers>("x").values;
  double sum = 0;
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < kValues; i += 512) {
    sum += values[i];
    if (i % 8192 == 0) pages.check();
    most = std::max(most, resident_file_bytes());
  }
  CHECK(sum == 0.5 * static_cast<double>((kValues + 511) / 512));
  CHECK(most - before <
        16 * kMegabyte);  // of 32: half of the limit, and what is mapped around a row
}
