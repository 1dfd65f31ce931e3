#pragma once
/// Bytes that are set aside on disk while memory is short. Local, thread-safe.

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace lockstep::data {

/// A file without a name: it is gone when it is closed, whatever happens to the process.
class SpillFile {
 public:
  /// In `folder`, which must be there. @throws FileError
  explicit SpillFile(const std::string& folder);
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  /// Appends the bytes and returns where they stand. @throws FileError
  std::uint64_t append(std::string_view bytes);
  std::string read(std::uint64_t offset, std::size_t size) const;

 private:
  std::string folder_;
  int descriptor_ = -1;
  std::atomic<std::uint64_t> end_ = 0;
};

/// Where spilled bytes go unless the config says otherwise: $TMPDIR, or /tmp.
std::string scratch_folder();

}  // namespace lockstep::data
