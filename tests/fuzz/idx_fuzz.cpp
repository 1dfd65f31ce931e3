/// Any bytes as the beginning of an idx file, plain or packed.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>

#include "core/error.hpp"
#include "data/sources/idx.hpp"
#include "tests/fuzz/halves.hpp"

using namespace lockstep;
using namespace lockstep::data;

namespace {

/// A file in memory with a name that can be opened.
class MemoryFile {
 public:
  explicit MemoryFile(std::span<const char> bytes) : descriptor_(memfd_create("idx", 0)) {
    fuzz::require(descriptor_ >= 0, "there is room for a file in memory");
    fuzz::require(
        ::write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
        "a file in memory takes all bytes");
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

void check_header(std::span<const char> bytes) {
  const IdxHeader header = parse_idx_header(bytes, "input");
  fuzz::require(header.bytes <= bytes.size(), "a header is in the file");
  fuzz::require(!header.dims.empty() && header.bytes == 4 + 4 * header.dims.size(),
                "a header says as many sizes as dimensions");
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  fuzz::require(header.width() == 0 || header.rows() <= (kMost - header.bytes) / header.width(),
                "the file's size fits 64 bits");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(reinterpret_cast<const char*>(data), size);
  try {
    check_header(bytes);
  } catch (const Error&) {
  }
  try {
    const MemoryFile file(bytes);
    is_idx(file.path());
    proto::IdxSource source;
    source.set_images(file.path());
    const Schema schema = peek_idx(source);
    fuzz::require(schema.at("features", "").shape.size() > 0, "rows have numbers");
  } catch (const Error&) {
  }
  return 0;
}
