#include "data/sources/input.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>

#include "core/error.hpp"
#include "data/sources/zstd_frames.hpp"

namespace lockstep::data {
namespace {

struct Kind {
  Packing packing;
  std::string_view suffix;
  std::string_view magic;
};
constexpr std::array<Kind, 4> kKinds{{{Packing::Gzip, ".gz", "\x1f\x8b"},
                                      {Packing::Bzip2, ".bz2", "BZh"},
                                      {Packing::Xz, ".xz",
                                       "\xfd"
                                       "7zXZ"},
                                      {Packing::Zstd, ".zst", "\x28\xb5\x2f\xfd"}}};

/// Feeds a file to Boost's filters.
struct FileSource {
  using char_type = char;
  using category = boost::iostreams::source_tag;

  std::shared_ptr<const InputFile> file;
  std::uint64_t offset = 0;

  std::streamsize read(char* out, std::streamsize n) {
    const std::size_t got = file->read_at(offset, {out, static_cast<std::size_t>(n)});
    offset += got;
    return got == 0 ? -1 : static_cast<std::streamsize>(got);
  }
};

[[noreturn]] void throw_system_error(const std::string& path, int error) {
  const std::string advice =
      error == ENOENT ? "check the path: paths in a config are relative to the config file" : "";
  throw FileError(fmt::format("cannot read '{}': {}", path, std::strerror(error)), {.file = path},
                  advice);
}

[[noreturn]] void throw_damaged(const std::string& path, std::string_view what) {
  throw FileError(fmt::format("the packed file '{}' is damaged or cut off ({})", path, what),
                  {.file = path},
                  "copy or download it again; unpacking it by hand shows the same problem");
}

}  // namespace

InputFile::InputFile(const std::string& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) throw_system_error(path, errno);
  struct stat status {};
  const int error = ::fstat(descriptor_, &status) == 0 ? 0 : errno;
  if (error != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    if (error != 0) throw_system_error(path, error);
    const bool folder = S_ISDIR(status.st_mode);
    throw FileError(
        fmt::format("'{}' is {}, not a file", path, folder ? "a folder" : "a pipe or device"),
        {.file = path}, folder ? "name the file in it" : "save the data to a file first");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

std::size_t InputFile::read_at(std::uint64_t offset, std::span<char> out) const {
  std::size_t done = 0;
  while (done < out.size()) {
    const auto got = ::pread(descriptor_, out.data() + done, out.size() - done,
                             static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_system_error(path_, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Packing packing_of(const InputFile& file) {
  std::array<char, 6> head{};
  const std::string_view bytes(head.data(), file.read_at(0, head));
  for (const Kind& kind : kKinds) {
    if (bytes.starts_with(kind.magic)) return kind.packing;
  }
  for (const Kind& kind : kKinds) {
    if (file.path().ends_with(kind.suffix))
      throw_damaged(file.path(), fmt::format("not a {} file", kind.suffix));
  }
  return Packing::None;
}

struct InputStream::Impl {
  std::shared_ptr<const InputFile> file;
  std::uint64_t offset = 0;  // plain files only
  std::unique_ptr<boost::iostreams::filtering_streambuf<boost::iostreams::input>> unpacked;
};

InputStream::InputStream(const std::string& path) : impl_(std::make_unique<Impl>()) {
  impl_->file = std::make_shared<const InputFile>(path);
  const Packing packing = packing_of(*impl_->file);
  if (packing == Packing::None) return;
  auto stream = std::make_unique<boost::iostreams::filtering_streambuf<boost::iostreams::input>>();
  switch (packing) {
    case Packing::None:
      break;
    case Packing::Gzip:
      stream->push(boost::iostreams::gzip_decompressor());
      break;
    case Packing::Bzip2:
      stream->push(boost::iostreams::bzip2_decompressor());
      break;
    case Packing::Xz:
      stream->push(boost::iostreams::lzma_decompressor());
      break;
    case Packing::Zstd:  // the other filters notice a file that ends early, Boost's zstd does not
      if (!zstd_frames_are_whole(*impl_->file)) throw_damaged(path, "it ends too early");
      stream->push(boost::iostreams::zstd_decompressor());
      break;
  }
  stream->push(FileSource{impl_->file}, 1 << 16);
  impl_->unpacked = std::move(stream);
}

InputStream::~InputStream() = default;
InputStream::InputStream(InputStream&&) noexcept = default;
InputStream& InputStream::operator=(InputStream&&) noexcept = default;

std::size_t InputStream::read(std::span<char> out) {
  if (!impl_->unpacked) {
    const std::size_t got = impl_->file->read_at(impl_->offset, out);
    impl_->offset += got;
    return got;
  }
  try {
    std::size_t done = 0;
    while (done < out.size()) {
      const auto got = impl_->unpacked->sgetn(out.data() + done,
                                              static_cast<std::streamsize>(out.size() - done));
      if (got <= 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw_damaged(impl_->file->path(), error.what());
  }
}

}  // namespace lockstep::data
