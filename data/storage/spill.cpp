#include "data/storage/spill.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

[[noreturn]] void throw_failed(const std::string& folder, const char* what) {
  throw FileError(
      fmt::format("cannot {} a temporary file in '{}': {}", what, folder, std::strerror(errno)),
      {.file = folder}, "set TMPDIR or data.scratch_dir to a folder with room");
}

}  // namespace

SpillFile::SpillFile(const std::string& folder) : folder_(folder) {
  std::string path = folder + "/lockstep-XXXXXX";
  descriptor_ = ::mkostemp(path.data(), O_CLOEXEC);
  if (descriptor_ < 0) throw_failed(folder, "make");
  ::unlink(path.c_str());
}

SpillFile::~SpillFile() { ::close(descriptor_); }

std::uint64_t SpillFile::append(std::string_view bytes) {
  const std::uint64_t begin = end_.fetch_add(bytes.size());
  for (std::size_t done = 0; done < bytes.size();) {
    const auto wrote = ::pwrite(descriptor_, bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(begin + done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) throw_failed(folder_, "write");
    done += static_cast<std::size_t>(wrote);
  }
  return begin;
}

std::string SpillFile::read(std::uint64_t offset, std::size_t size) const {
  std::string bytes(size, '\0');
  for (std::size_t done = 0; done < size;) {
    const auto got =
        ::pread(descriptor_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw_failed(folder_, "read");
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string scratch_folder() {
  const char* folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

}  // namespace lockstep::data
