#include "core/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/error.hpp"

namespace lockstep {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const char* doing, const std::string& path, int code) {
  std::string advice;
  if (code == ENOENT)
    advice = "does it exist? relative paths in a config are relative to the config file";
  if (code == EACCES || code == EPERM || code == EROFS)
    advice = "check its permissions, or choose another place";
  if (code == ENOSPC || code == EDQUOT)
    advice = "free some space, or choose another run folder with --run-dir";
  throw FileError(fmt::format("cannot {} {}: {}", doing, path, std::strerror(code)), {.file = path},
                  advice);
}

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags, const char* doing)
      : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) fail(doing, path, errno);
  }
  ~Descriptor() { ::close(descriptor_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

void write_all(int descriptor, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::write(descriptor, bytes.data(), std::min<std::size_t>(bytes.size(), 1 << 30));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

class RealFiles final : public Files {
 public:
  void write(const std::string& path, std::string_view bytes) override {
    const Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC, "create");
    write_all(file.get(), path, bytes);
  }

  void append(const std::string& path, std::string_view bytes) override {
    const Descriptor file(path, O_WRONLY | O_CREAT | O_APPEND, "open");
    write_all(file.get(), path, bytes);
  }

  void sync(const std::string& path) override {
    const Descriptor file(path, O_RDONLY, "open");
    if (::fsync(file.get()) != 0 && errno != EINVAL) fail("sync", path, errno);
  }

  void rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) fail("rename to", to, errno);
  }

  void make_folder(const std::string& path) override {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) fail("create folder", path, error.value());
  }

  void remove(const std::string& path) override {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) fail("remove", path, error.value());
  }

  bool exists(const std::string& path) const override {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0;
  }

  std::string read(const std::string& path) const override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) fail("read", path, errno);
    if (S_ISDIR(info.st_mode)) fail("read", path, EISDIR);
    const Descriptor file(path, O_RDONLY, "read");
    std::string bytes;
    std::size_t done = 0;
    for (;;) {
      // One byte more than the file says it has: its end shows, and a pipe, which has no size, is
      // read whole.
      if (done == bytes.size())
        bytes.resize(done == 0 ? static_cast<std::size_t>(info.st_size) + 1 : done + (1 << 16));
      const ssize_t count = ::read(file.get(), bytes.data() + done, bytes.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("read", path, errno);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    bytes.resize(done);
    return bytes;
  }

  std::vector<std::string> list(const std::string& folder) const override {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      names.push_back(entry->path().filename().string());
    }
    if (error && error != std::errc::no_such_file_or_directory) fail("list", folder, error.value());
    std::sort(names.begin(), names.end());
    return names;
  }
};

}  // namespace

Files& real_files() {
  static RealFiles files;
  return files;
}

namespace {

constexpr const char* kTemporary = ".tmp-";
constexpr const char* kAside = ".old-";

/// The path without a slash at its end.
fs::path without_slash(const std::string& path) {
  const fs::path whole(path);
  return whole.has_filename() ? whole : whole.parent_path();
}

/// "a/PREFIXb" for "a/b".
std::string beside(const std::string& path, const char* prefix) {
  return join_path(folder_of(path), prefix + without_slash(path).filename().string());
}

}  // namespace

void write_atomically(Files& files, const std::string& path, std::string_view bytes) {
  const std::string temporary = beside(path, kTemporary);
  try {
    files.write(temporary, bytes);
    files.sync(temporary);
    files.rename(temporary, path);
    files.sync(folder_of(path));
  } catch (...) {
    try {
      files.remove(temporary);
    } catch (const std::exception&) {  // the first error is the one to tell
    }
    throw;
  }
}

void write_folder_atomically(Files& files, const std::string& path,
                             const std::vector<NamedBytes>& contents) {
  const std::string temporary = beside(path, kTemporary), aside = aside_of(path);
  try {
    files.remove(temporary);
    files.make_folder(temporary);
    for (const auto& [name, bytes] : contents) {
      files.write(join_path(temporary, name), bytes);
      files.sync(join_path(temporary, name));
    }
    files.sync(temporary);
    if (files.exists(path)) {
      files.remove(aside);
      files.rename(path, aside);
      files.sync(folder_of(path));
    }
    files.rename(temporary, path);
    files.sync(folder_of(path));
    files.remove(aside);
  } catch (...) {
    try {
      files.remove(temporary);
    } catch (const std::exception&) {  // the first error is the one to tell
    }
    throw;
  }
}

std::string aside_of(const std::string& path) { return beside(path, kAside); }

void finish_interrupted_writes(Files& files, const std::string& folder) {
  for (const auto& name : files.list(folder)) {
    const std::string path = join_path(folder, name);
    if (name.starts_with(kTemporary)) files.remove(path);
    if (!name.starts_with(kAside)) continue;
    const std::string home = join_path(folder, name.substr(std::string_view(kAside).size()));
    if (files.exists(home)) {
      files.remove(path);
    } else {
      files.rename(path, home);
      files.sync(folder);
    }
  }
}

void make_durable_folder(Files& files, const std::string& path) {
  if (files.exists(path)) return;
  make_durable_folder(files, folder_of(path));
  files.make_folder(path);
  files.sync(folder_of(path));
}

std::string checksum(std::string_view bytes) {
  return fmt::format("{:016x}",
                     static_cast<std::uint64_t>(XXH3_64bits(bytes.data(), bytes.size())));
}

std::string folder_of(const std::string& path) {
  const std::string folder = without_slash(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string join_path(const std::string& folder, const std::string& path) {
  return (fs::path(folder) / path).lexically_normal().string();
}

}  // namespace lockstep
