#pragma once
/// The compute threads of a rank. Thread 0 is the caller itself.

#include <cstddef>
#include <functional>
#include <memory>

namespace lockstep {

class ThreadPool {
 public:
  /// `threads` >= 1, the caller included. `prepare` runs once in every new thread before its first
  /// task (not in the caller's).
  explicit ThreadPool(std::size_t threads, std::function<void()> prepare = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  std::size_t size() const noexcept;

  /// work(thread) on every thread at once; returns when all are done. The exception of the lowest
  /// throwing thread is rethrown.
  void run(const std::function<void(std::size_t thread)>& work);

  /// work(thread, i) for every i < n, in contiguous blocks a thread. Exceptions as in run().
  void for_each(std::size_t n, const std::function<void(std::size_t thread, std::size_t i)>& work);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Cores this process may run on: the size of its affinity mask.
std::size_t available_cores() noexcept;

}  // namespace lockstep
