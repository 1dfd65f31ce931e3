#include "core/process_memory.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>

namespace lockstep {
namespace {

constexpr int kLargePieceBytes = 256 << 10;

/// /proc/self/statm: pages in all, resident, thereof of files and shared memory, ...
class Statm {
 public:
  Statm() : descriptor_(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) {}
  ~Statm() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Statm(const Statm&) = delete;
  Statm& operator=(const Statm&) = delete;

  std::uint64_t file_pages() const noexcept {
    char text[128];
    const auto size = descriptor_ < 0 ? -1 : ::pread(descriptor_, text, sizeof(text) - 1, 0);
    if (size <= 0) return 0;
    text[size] = '\0';
    char* rest = text;
    std::strtoull(rest, &rest, 10);
    std::strtoull(rest, &rest, 10);
    return std::strtoull(rest, &rest, 10);
  }

 private:
  int descriptor_;
};

}  // namespace

std::uint64_t peak_resident_bytes() noexcept {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::uint64_t resident_file_bytes() noexcept {
  static const Statm statm;
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return statm.file_pages() * page;
}

void keep_heap_small() noexcept {
#ifdef __GLIBC__
  // Left alone, the allocator raises these limits with every large piece that is freed.
  ::mallopt(M_MMAP_THRESHOLD, kLargePieceBytes);
  ::mallopt(M_TRIM_THRESHOLD, 2 * kLargePieceBytes);
#endif
}

void trim_heap() noexcept {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace lockstep
