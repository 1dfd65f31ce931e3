#include "data/storage/partition_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <vector>

#include "core/checksum.hpp"
#include "core/error.hpp"
#include "core/files.hpp"
#include "core/serial.hpp"

namespace lockstep::data {
namespace {

constexpr std::string_view kMagic = "LSPART01";
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kChecksumChars = 16;
constexpr std::size_t kPreambleBytes = 8 + 2 * kChecksumChars + 2 * sizeof(std::uint64_t);
constexpr std::size_t kPieceBytes = std::size_t{1} << 20;  // written or read at a time

/// Where an array stands in the payload, bytes.
struct Extent {
  std::uint64_t begin = 0, size = 0;
};

std::size_t aligned(std::size_t n) { return (n + kAlignment - 1) / kAlignment * kAlignment; }

constexpr std::array<char, kAlignment> kZeros{};

/// Lays the arrays out in the payload: where they stand goes into the header.
class Layout {
 public:
  explicit Layout(Writer& header) : header_(header) {}
  template <typename T>
  void operator()(const Values<T>& values) {
    arrays_.emplace_back(kZeros.data(), aligned(size_) - size_);
    const std::string_view array(reinterpret_cast<const char*>(values.data()),
                                 values.size() * sizeof(T));
    header_.value(Extent{aligned(size_), array.size()});
    arrays_.push_back(array);
    size_ = aligned(size_) + array.size();
  }
  void operator()(std::size_t width) { header_.value<std::uint64_t>(width); }
  void operator()(const Shape& shape) { header_.values(shape.dims()); }

  std::size_t size() const { return size_; }
  const std::vector<std::string_view>& arrays() const { return arrays_; }  ///< and what is between

 private:
  Writer& header_;
  std::vector<std::string_view> arrays_;
  std::size_t size_ = 0;
};

/// Sums the arrays' sizes up.
struct Size {
  std::uint64_t bytes = 0;
  template <typename T>
  void operator()(const Values<T>& values) {
    bytes += values.size() * sizeof(T);
  }
  void operator()(std::size_t) {}
  void operator()(const Shape&) {}
};

/// Points arrays into a mapped payload.
class PayloadReader {
 public:
  PayloadReader(Reader& header, std::string_view payload, std::shared_ptr<const void> keeper)
      : header_(header), payload_(payload), keeper_(std::move(keeper)) {}
  template <typename T>
  void operator()(Values<T>& values) {
    const auto extent = header_.value<Extent>();
    expects(extent.begin <= payload_.size() && extent.size <= payload_.size() - extent.begin,
            "the arrays of a partition file lie within it");
    values = Values<T>({reinterpret_cast<const T*>(payload_.data() + extent.begin),
                        static_cast<std::size_t>(extent.size / sizeof(T))},
                       keeper_);
  }
  void operator()(std::size_t& width) {
    width = static_cast<std::size_t>(header_.value<std::uint64_t>());
  }
  void operator()(Shape& shape) { shape = Shape(header_.values<std::int64_t>()); }

 private:
  Reader& header_;
  std::string_view payload_;
  std::shared_ptr<const void> keeper_;
};

/// The parts of each kind of column, in the file's order.
template <typename C, typename Part>
void each_part(C& column, Part& part) {
  using T = std::remove_const_t<C>;
  if constexpr (std::is_same_v<T, Numbers>) {
    part(column.values);
  } else if constexpr (std::is_same_v<T, Strings>) {
    part(column.ends), part(column.bytes), part(column.missing);
  } else if constexpr (std::is_same_v<T, Tokens>) {
    part(column.row_ends), part(column.ends), part(column.bytes);
  } else if constexpr (std::is_same_v<T, SparseVectors>) {
    part(column.width), part(column.begin), part(column.indices), part(column.values);
  } else if constexpr (std::is_same_v<T, DenseVectors>) {
    part(column.width), part(column.values);
  } else {
    part(column.shape), part(column.values);
  }
}

template <std::size_t I = 0>
Column make_column(std::size_t kind) {
  if constexpr (I < std::variant_size_v<Column>) {
    return kind == I ? Column(std::variant_alternative_t<I, Column>{}) : make_column<I + 1>(kind);
  } else {
    expects(false, "a partition file holds known kinds of columns");
    return {};
  }
}

[[noreturn]] void throw_damaged(const std::string& path, const char* what) {
  throw FileError(fmt::format("the partition file '{}' is {}", path, what), {.file = path},
                  "remove it: it is made again");
}

/// A file in memory.
struct Mapping {
  void* address = nullptr;
  std::size_t size = 0;

  explicit Mapping(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (file >= 0 && ::fstat(file, &status) == 0) {
      size = static_cast<std::size_t>(status.st_size);
      if (size > 0) address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    }
    const int error = errno;
    if (file >= 0) ::close(file);
    if (file < 0 || address == MAP_FAILED || address == nullptr) {
      if (file >= 0 && size == 0) throw_damaged(path, "empty");
      throw FileError(fmt::format("cannot map '{}': {}", path, std::strerror(error)),
                      {.file = path});
    }
  }
  ~Mapping() { ::munmap(address, size); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::string_view bytes() const { return {static_cast<const char*>(address), size}; }
};

struct Parts {
  std::string_view header, payload, payload_checksum;
};

Parts split(const Mapping& mapping, const std::string& path) {
  const std::string_view bytes = mapping.bytes();
  if (bytes.size() < kPreambleBytes) throw_damaged(path, "cut off");
  if (!bytes.starts_with(kMagic)) throw_damaged(path, "of another version");
  std::uint64_t sizes[2];
  std::memcpy(sizes, bytes.data() + 8 + 2 * kChecksumChars, sizeof(sizes));
  const std::size_t left = bytes.size() - kPreambleBytes;
  if (sizes[0] > left || aligned(kPreambleBytes + sizes[0]) + sizes[1] != bytes.size())
    throw_damaged(path, "cut off");
  Parts parts;
  parts.header = bytes.substr(kPreambleBytes, static_cast<std::size_t>(sizes[0]));
  parts.payload = bytes.substr(aligned(kPreambleBytes + parts.header.size()));
  parts.payload_checksum = bytes.substr(8 + kChecksumChars, kChecksumChars);
  if (checksum(parts.header) != bytes.substr(8, kChecksumChars)) throw_damaged(path, "damaged");
  return parts;
}

using Sink = std::function<void(std::string_view)>;

/// The file, piece by piece.
void put(const Partition& partition, const Sink& sink) {
  Writer header;
  Layout payload(header);
  header.value<std::uint64_t>(partition.index);
  payload(partition.row_ids);
  header.value<std::uint64_t>(partition.columns.size());
  for (const auto& [name, column] : partition.columns) {
    header.text(name);
    header.value<std::uint64_t>(column.index());
    std::visit([&](const auto& c) { each_part(c, payload); }, column);
  }
  Checksum body;
  for (const std::string_view array : payload.arrays()) body.add(array);
  const std::string head = header.take();
  std::string start(kMagic);
  start += checksum(head) + body.digits();
  const std::uint64_t sizes[2] = {head.size(), payload.size()};
  start.append(reinterpret_cast<const char*>(sizes), sizeof(sizes));
  start += head;
  start.resize(aligned(start.size()), '\0');
  sink(start);
  for (const std::string_view array : payload.arrays()) sink(array);
}

}  // namespace

std::uint64_t payload_bytes(const Partition& partition) {
  Size size;
  size(partition.row_ids);
  for (const auto& [name, column] : partition.columns)
    std::visit([&](const auto& c) { each_part(c, size); }, column);
  return size.bytes;
}

std::string to_file_bytes(const Partition& partition) {
  std::string bytes;
  put(partition, [&](std::string_view piece) { bytes += piece; });
  return bytes;
}

void write_partition(const std::string& path, const Partition& partition) {
  Files& files = real_files();
  files.write(path, "");
  std::string small;  // pieces that go together
  put(partition, [&](std::string_view piece) {
    if (!small.empty() && small.size() + piece.size() > kPieceBytes) {
      files.append(path, small);
      small.clear();
    }
    if (piece.size() > kPieceBytes) {
      files.append(path, piece);
    } else {
      small += piece;
    }
  });
  files.append(path, small);
}

Partition map_partition(const std::string& path) {
  const auto mapping = std::make_shared<const Mapping>(path);
  const Parts parts = split(*mapping, path);
  Reader header(parts.header);
  PayloadReader payload(header, parts.payload, mapping);
  Partition partition;
  partition.index = static_cast<std::size_t>(header.value<std::uint64_t>());
  payload(partition.row_ids);
  for (auto n = header.value<std::uint64_t>(); n > 0; --n) {
    const std::string name = header.text();
    Column column = make_column(static_cast<std::size_t>(header.value<std::uint64_t>()));
    std::visit([&](auto& c) { each_part(c, payload); }, column);
    partition.set(name, std::move(column));
  }
  partition.unmap = std::make_shared<const std::function<void()>>(
      [mapping] { ::madvise(mapping->address, mapping->size, MADV_DONTNEED); });
  return partition;
}

void verify_partition(const std::string& path) {
  const Mapping mapping(path);
  const Parts parts = split(mapping, path);
  Checksum payload;
  for (std::size_t at = 0; at < parts.payload.size(); at += kPieceBytes) {
    payload.add(parts.payload.substr(at, kPieceBytes));
    ::madvise(mapping.address, mapping.size, MADV_DONTNEED);
  }
  if (payload.digits() != parts.payload_checksum) throw_damaged(path, "damaged");
}

void move_to_disk(Partition& partition, const std::string& folder) {
  std::string path = folder + "/lockstep-XXXXXX";
  const int file = ::mkostemp(path.data(), O_CLOEXEC);
  if (file < 0) {
    throw FileError(
        fmt::format("cannot make a temporary file in '{}': {}", folder, std::strerror(errno)),
        {.file = folder}, "set TMPDIR or data.scratch_dir to a folder with room");
  }
  ::close(file);
  try {
    write_partition(path, partition);
    const auto loss = partition.loss;  // the file has columns alone
    partition = map_partition(path);
    partition.loss = loss;
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
  ::unlink(path.c_str());
}

}  // namespace lockstep::data
