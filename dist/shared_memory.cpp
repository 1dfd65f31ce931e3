#include "dist/shared_memory.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "dist/bytes.hpp"

namespace lockstep::dist {
namespace {

/// A file descriptor, closed at the end; negative: none.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const noexcept { return number_; }

 private:
  int number_;
};

}  // namespace

/// A file in memory alone, which other processes open by way of /proc. They know it again by device
/// and inode: in a container of its own the same process number is another process.
struct SharedMemory::Offer {
  std::int64_t process = 0, descriptor = -1;  // negative: none
  std::uint64_t device = 0, inode = 0, bytes = 0;
};

SharedMemory::Offer SharedMemory::offer(std::size_t bytes) {
  Offer own{::getpid(), ::memfd_create("lockstep", MFD_CLOEXEC), 0, 0, bytes};
  struct stat status {};
  const int file = static_cast<int>(own.descriptor);
  if (file < 0 || ::ftruncate(file, static_cast<off_t>(bytes)) != 0 ||
      ::fstat(file, &status) != 0) {
    if (file >= 0) ::close(file);
    own.descriptor = -1;
    return own;
  }
  own.device = status.st_dev;
  own.inode = status.st_ino;
  return own;
}

bool SharedMemory::map(std::size_t rank, const Offer& theirs) {
  const auto path = fmt::format("/proc/{}/fd/{}", theirs.process, theirs.descriptor);
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  struct stat status {};
  if (file.number() < 0 || ::fstat(file.number(), &status) != 0 || status.st_dev != theirs.device ||
      status.st_ino != theirs.inode)
    return false;
  void* address =
      ::mmap(nullptr, theirs.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.number(), 0);
  if (address == MAP_FAILED) return false;
  regions_[rank] = {static_cast<std::byte*>(address), theirs.bytes};
  return true;
}

std::unique_ptr<SharedMemory> SharedMemory::make(const Communicator& ranks, std::size_t bytes) {
  if (ranks.hosts() > 1) return nullptr;
  const std::vector own{offer(std::max<std::size_t>(bytes, 1))};
  const Descriptor until_all_have_opened_it(static_cast<int>(own[0].descriptor));
  const auto all = ranks.allgather(bytes_of(own));
  std::unique_ptr<SharedMemory> memory(new SharedMemory);
  memory->regions_.resize(all.size());
  std::array<std::int64_t, 1> works{1};
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    const Offer theirs = values_of<Offer>(all[rank]).at(0);
    if (theirs.descriptor < 0 || !memory->map(rank, theirs)) works[0] = 0;
  }
  ranks.allreduce_min(works);
  return works[0] == 1 ? std::move(memory) : nullptr;
}

SharedMemory::~SharedMemory() {
  for (const Region& region : regions_) {
    if (region.address != nullptr) ::munmap(region.address, region.bytes);
  }
}

}  // namespace lockstep::dist
