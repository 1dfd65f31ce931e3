#include "core/thread_pool.hpp"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/catch.hpp"

namespace lockstep {
namespace {

TEST_CASE("ThreadPool::run works once on every thread, the caller being thread 0",
          "[core][thread_pool]") {
  const auto threads = GENERATE(as<std::size_t>{}, 1, 2, 3, 8);
  ThreadPool pool(threads);
  REQUIRE(pool.size() == threads);
  for (int round = 0; round < 20; ++round) {
    std::vector<int> calls(threads);
    std::vector<std::thread::id> ids(threads);
    pool.run([&](std::size_t thread) {
      ++calls.at(thread);
      ids.at(thread) = std::this_thread::get_id();
    });
    CHECK(calls == std::vector<int>(threads, 1));
    CHECK(ids[0] == std::this_thread::get_id());
    std::sort(ids.begin(), ids.end());
    CHECK(std::unique(ids.begin(), ids.end()) == ids.end());
  }
}

TEST_CASE("ThreadPool::run: the threads are there at once, not one after the other",
          "[core][thread_pool]") {
  ThreadPool pool(3);
  std::atomic<int> arrived = 0;
  pool.run([&](std::size_t) {
    ++arrived;
    while (arrived < 3) std::this_thread::yield();
  });
  CHECK(arrived == 3);
}

TEST_CASE("ThreadPool rethrows the exception of the lowest thread, and goes on",
          "[core][thread_pool]") {
  ThreadPool pool(4);
  std::atomic<int> done = 0;
  const auto from = [&](std::size_t first) {
    pool.run([&, first](std::size_t thread) {
      ++done;
      if (thread >= first) throw std::runtime_error(std::to_string(thread));
    });
  };
  CHECK_THROWS_WITH(from(0), "0");
  CHECK_THROWS_WITH(from(2), "2");
  CHECK_THROWS_WITH(from(3), "3");
  CHECK(done == 12);  // the others finish their work
  CHECK_NOTHROW(from(4));
}

TEST_CASE("ThreadPool::for_each takes every index once, in contiguous blocks",
          "[core][thread_pool]") {
  const auto threads = GENERATE(as<std::size_t>{}, 1, 2, 3, 5);
  const auto n = GENERATE(as<std::size_t>{}, 0, 1, 2, 7, 100);
  ThreadPool pool(threads);
  std::vector<int> calls(n);
  std::vector<std::size_t> owner(n);
  pool.for_each(n, [&](std::size_t thread, std::size_t i) {
    ++calls.at(i);
    owner.at(i) = thread;
  });
  CHECK(calls == std::vector<int>(n, 1));
  CHECK(std::is_sorted(owner.begin(), owner.end()));
}

TEST_CASE("ThreadPool::for_each passes an exception on", "[core][thread_pool]") {
  ThreadPool pool(2);
  CHECK_THROWS_WITH(pool.for_each(10,
                                  [](std::size_t, std::size_t i) {
                                    if (i >= 3) throw std::runtime_error(std::to_string(i));
                                  }),
                    "3");
}

TEST_CASE("ThreadPool prepares each new thread before its first work", "[core][thread_pool]") {
  static thread_local int prepared = 0;
  ThreadPool pool(3, [] { ++prepared; });
  for (int round = 0; round < 3; ++round) {
    std::vector<int> seen(3);
    pool.run([&](std::size_t thread) { seen[thread] = prepared; });
    CHECK(seen == std::vector{0, 1, 1});
  }
}

TEST_CASE("available_cores counts at least the one this runs on", "[core][thread_pool]") {
  CHECK(available_cores() >= 1);
  CHECK(available_cores() <= 1u << 16);
}

}  // namespace
}  // namespace lockstep
