#pragma once
/// Input files: positional reads of plain ones, streams of plain or packed (.gz, .bz2, .xz, .zst)
/// ones. Local.
///
/// What a file is says its first bytes; a name that ends like a packed file's must belong to one.
/// Every function throws FileError with the path: not there, a folder, unreadable, damaged or cut
/// off.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace lockstep::data {

enum class Packing { None, Gzip, Bzip2, Xz, Zstd };

/// An open file. Reading is thread-safe.
class InputFile {
 public:
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const noexcept { return path_; }
  std::uint64_t size() const noexcept { return size_; }

  /// Reads from `offset` on; returns how many bytes, fewer than asked only at the end of the file.
  std::size_t read_at(std::uint64_t offset, std::span<char> out) const;

 private:
  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// How the file is packed.
Packing packing_of(const InputFile& file);

/// A file from front to back, unpacked. Several packed streams one after the other are read as one.
class InputStream {
 public:
  explicit InputStream(const std::string& path);
  ~InputStream();
  InputStream(InputStream&&) noexcept;
  InputStream& operator=(InputStream&&) noexcept;

  /// Returns how many bytes were read, fewer than asked only at the end.
  std::size_t read(std::span<char> out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstep::data
