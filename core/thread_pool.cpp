#include "core/thread_pool.hpp"

#include <sched.h>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace lockstep {

struct ThreadPool::Impl {
  std::mutex mutex;
  std::condition_variable wake, done;
  const std::function<void(std::size_t)>* work = nullptr;
  std::uint64_t round = 0;  // counts calls of run(): a thread works once a round
  std::size_t running = 0;  // threads other than the caller that have not finished this round
  bool stopping = false;
  std::vector<std::exception_ptr> failures;
  std::vector<std::thread> threads;

  void serve(std::size_t thread, const std::function<void()>& prepare) {
    if (prepare) prepare();
    std::uint64_t served = 0;
    for (;;) {
      const std::function<void(std::size_t)>* task = nullptr;
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return stopping || round != served; });
        if (stopping) return;
        served = round;
        task = work;
      }
      execute(*task, thread);
      const std::lock_guard lock(mutex);
      if (--running == 0) done.notify_one();
    }
  }

  void execute(const std::function<void(std::size_t)>& task, std::size_t thread) {
    try {
      task(thread);
    } catch (...) {
      failures[thread] = std::current_exception();
    }
  }
};

ThreadPool::ThreadPool(std::size_t threads, std::function<void()> prepare)
    : impl_(std::make_unique<Impl>()) {
  impl_->failures.resize(threads);
  for (std::size_t t = 1; t < threads; ++t) {
    impl_->threads.emplace_back([this, t, prepare] { impl_->serve(t, prepare); });
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_all();
  for (auto& thread : impl_->threads) thread.join();
}

std::size_t ThreadPool::size() const noexcept { return impl_->failures.size(); }

void ThreadPool::run(const std::function<void(std::size_t)>& work) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->work = &work;
    impl_->running = size() - 1;
    ++impl_->round;
  }
  impl_->wake.notify_all();
  impl_->execute(work, 0);
  {
    std::unique_lock lock(impl_->mutex);
    impl_->done.wait(lock, [&] { return impl_->running == 0; });
  }
  std::exception_ptr first;
  for (auto& failure : impl_->failures) {
    if (failure && !first) first = failure;
    failure = nullptr;
  }
  if (first) std::rethrow_exception(first);
}

void ThreadPool::for_each(std::size_t n,
                          const std::function<void(std::size_t, std::size_t)>& work) {
  const std::size_t threads = size();
  run([&](std::size_t thread) {
    for (std::size_t i = n * thread / threads; i < n * (thread + 1) / threads; ++i) work(thread, i);
  });
}

std::size_t available_cores() noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return static_cast<std::size_t>(CPU_COUNT(&set));
  return 1;
}

}  // namespace lockstep
