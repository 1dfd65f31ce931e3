#pragma once
/// Files that are whole or absent. Everything Lockstep writes for keeps goes through `Files`, so
/// that a test can put a file system in its place that forgets unsynced bytes.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

/// The few operations that checkpoints, models and run folders need. Every function throws
/// FileError with the path and the system's reason. Paths use '/'.
class Files {
 public:
  virtual ~Files() = default;
  virtual void write(const std::string& path,
                     std::string_view bytes) = 0;  ///< creates or replaces; not yet durable
  virtual void append(const std::string& path, std::string_view bytes) = 0;
  virtual void sync(const std::string& path) = 0;  ///< a file's bytes, or a folder's entries
  virtual void rename(const std::string& from,
                      const std::string& to) = 0;  ///< atomic; replaces a file, not a full folder
  virtual void make_folder(
      const std::string& path) = 0;  ///< with parents; not yet durable; fine if it is there
  virtual void remove(const std::string& path) = 0;  ///< recursively; fine if it is not there
  virtual bool exists(const std::string& path) const = 0;
  virtual std::string read(const std::string& path) const = 0;
  virtual std::vector<std::string> list(
      const std::string& folder) const = 0;  ///< names in it, sorted; empty if it is not there
};

/// The real file system.
Files& real_files();

/// Writes `path` atomically and durably: a temporary name beside it, sync, rename, sync of the
/// folder.
void write_atomically(Files& files, const std::string& path, std::string_view bytes);

struct NamedBytes {
  std::string name;
  std::string bytes;
};
/// Makes the folder `path` appear atomically and durably with these files. One that is there is
/// moved to aside_of(path) and removed when the new one is in its place: at any moment one of the
/// two is whole.
void write_folder_atomically(Files& files, const std::string& path,
                             const std::vector<NamedBytes>& contents);

/// "runs/a/.old-model" for "runs/a/model".
std::string aside_of(const std::string& path);

/// Tidies `folder` after a power cut: temporaries go, and what stands aside without a successor
/// comes back.
void finish_interrupted_writes(Files& files, const std::string& folder);

/// make_folder, durable: the entry of each new folder is synced in its parent.
void make_durable_folder(Files& files, const std::string& path);

/// 64-bit XXH3 of the bytes, as 16 hex digits.
std::string checksum(std::string_view bytes);

/// Folder part of a path ("." if there is none), and a path relative to a folder unless it is
/// absolute.
std::string folder_of(const std::string& path);
std::string join_path(const std::string& folder, const std::string& path);

}  // namespace lockstep
