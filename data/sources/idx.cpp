#include "data/sources/idx.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>

#include "core/error.hpp"
#include "data/sources/input.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

constexpr std::size_t kHeadBytes = 4 + 4 * 255;  // the largest header
constexpr char kUnsignedByte = 0x08;
constexpr std::size_t kPieceBytes = std::size_t{2} << 20;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 62;

[[noreturn]] void throw_too_short(const std::string& path, std::uint64_t wanted) {
  throw FileError(
      fmt::format("the idx file '{}' is cut off: its header promises {} bytes", path, wanted),
      {.file = path}, "copy or download it again");
}

/// The bytes of a file behind its header, plain or packed, from front to back.
class IdxStream {
 public:
  explicit IdxStream(const std::string& path) : path_(path), stream_(path) {
    start_.resize(kHeadBytes);
    start_.resize(stream_.read(start_));
    header_ = parse_idx_header(start_, path);
    start_.erase(0, header_.bytes);
  }

  const IdxHeader& header() const noexcept { return header_; }

  /// Exactly `count` bytes. Memory grows with what is there, not with what a header promises.
  /// @throws FileError if there are fewer
  std::string read(std::uint64_t count) {
    std::string bytes = start_.substr(0, static_cast<std::size_t>(count));
    start_.erase(0, bytes.size());
    while (bytes.size() < count) {
      const std::size_t known = bytes.size();
      bytes.resize(known +
                   static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, count - known)));
      if (stream_.read(std::span(bytes).subspan(known)) < bytes.size() - known)
        throw_too_short(path_, header_.bytes + header_.rows() * header_.width());
    }
    return bytes;
  }

  /// @throws DataError if bytes are left
  void expect_end() {
    char next = 0;
    if (start_.empty() && stream_.read({&next, 1}) == 0) return;
    throw DataError(fmt::format("the idx file '{}' goes on behind the {} rows of its header", path_,
                                header_.rows()),
                    {.file = path_}, "it is not an idx file, or damaged");
  }

 private:
  std::string path_;
  InputStream stream_;
  std::string start_;  // read with the header, not yet asked for
  IdxHeader header_;
};

/// What the first worker found.
struct Found {
  std::uint64_t rows = 0, width = 0, header_bytes = 0;
  bool packed = false;
};

Found look_at_images(const std::string& path) {
  const InputFile file(path);
  Found found;
  found.packed = packing_of(file) != Packing::None;
  IdxStream stream(path);
  found.rows = stream.header().rows();
  found.width = stream.header().width();
  found.header_bytes = stream.header().bytes;
  if (found.rows == 0 || found.width == 0) {
    throw DataError("no rows in the file", {.file = path}, "give a file with at least one row");
  }
  const std::uint64_t wanted = found.header_bytes + found.rows * found.width;
  if (!found.packed && file.size() < wanted) throw_too_short(path, wanted);
  if (!found.packed && file.size() > wanted) {
    throw DataError(fmt::format("the idx file '{}' has {} bytes, its header promises {}", path,
                                file.size(), wanted),
                    {.file = path}, "it is not an idx file, or damaged");
  }
  return found;
}

std::string read_labels(const std::string& path, const std::string& images, std::uint64_t rows) {
  IdxStream stream(path);
  if (stream.header().dims.size() != 1) {
    throw DataError(fmt::format("the labels file has {} dimensions instead of one",
                                stream.header().dims.size()),
                    {.file = path}, "are images and labels exchanged?");
  }
  if (stream.header().rows() != rows) {
    throw DataError(
        fmt::format("{} labels for {} images ({})", stream.header().rows(), rows, images),
        {.file = path}, "take the two files of one set");
  }
  std::string labels = stream.read(rows);
  stream.expect_end();
  return labels;
}

/// Rows of a batch of about kPieceBytes.
std::uint64_t rows_at_once(std::uint64_t width) {
  return std::max<std::uint64_t>(1, kPieceBytes / width);
}

/// Rows [begin, end) as empty batches of about kPieceBytes: the numbers of their first rows, and
/// `end`.
std::vector<std::uint64_t> cut(std::uint64_t begin, std::uint64_t end, std::uint64_t width) {
  const std::uint64_t step = rows_at_once(width);
  std::vector<std::uint64_t> cuts{begin};
  while (cuts.back() < end) cuts.push_back(std::min(end, cuts.back() + step));
  return cuts;
}

PackedRows make_batch(std::string_view bytes, std::uint64_t first, std::size_t width,
                      std::string_view labels) {
  PackedRows rows;
  for (std::size_t at = 0; at < bytes.size(); at += width) {
    if (!labels.empty())
      rows.number(static_cast<std::uint8_t>(labels[static_cast<std::size_t>(first) + rows.rows()]));
    rows.bytes(bytes.substr(at, width));
    rows.end_row();
  }
  return rows;
}

void read_packed(const std::string& path, const Found& found, const std::string& labels,
                 BatchStore& rows) {
  IdxStream stream(path);
  const std::uint64_t step = rows_at_once(found.width);
  for (std::uint64_t begin = 0; begin < found.rows; begin += step) {
    const std::string bytes = stream.read(std::min(step, found.rows - begin) * found.width);
    rows.push(make_batch(bytes, begin, static_cast<std::size_t>(found.width), labels));
  }
  stream.expect_end();
}

void read_plain(const std::string& path, const Found& found, const std::string& labels,
                dist::Range range, ThreadPool& threads, BatchStore& rows) {
  const InputFile file(path);
  const auto cuts = cut(range.begin, range.end, found.width);
  for (std::size_t begin = 0; begin + 1 < cuts.size(); begin += threads.size()) {
    std::vector<PackedRows> batches(std::min(threads.size(), cuts.size() - 1 - begin));
    threads.for_each(batches.size(), [&](std::size_t, std::size_t b) {
      const std::size_t i = begin + b;
      std::string bytes(static_cast<std::size_t>((cuts[i + 1] - cuts[i]) * found.width), '\0');
      if (file.read_at(found.header_bytes + cuts[i] * found.width, bytes) < bytes.size()) {
        throw_too_short(path, found.header_bytes + found.rows * found.width);
      }
      batches[b] = make_batch(bytes, cuts[i], static_cast<std::size_t>(found.width), labels);
    });
    for (auto& batch : batches) rows.push(std::move(batch));
  }
}

Schema schema_of(std::uint64_t width, bool labelled) {
  Schema schema;
  if (labelled) schema.add("label", {ColumnType::Kind::Number});
  schema.add("features", {ColumnType::Kind::Vector, {static_cast<std::int64_t>(width)}});
  return schema;
}

}  // namespace

std::uint64_t IdxHeader::width() const {
  std::uint64_t product = 1;
  for (std::size_t i = 1; i < dims.size(); ++i) product *= dims[i];
  return product;
}

IdxHeader parse_idx_header(std::span<const char> start, const std::string& path) {
  if (start.size() < 4) {
    throw FileError(fmt::format("the idx file '{}' has only {} bytes", path, start.size()),
                    {.file = path});
  }
  if (start[0] != 0 || start[1] != 0 || start[2] != kUnsignedByte || start[3] == 0) {
    throw DataError(
        fmt::format(
            "'{}' is not an idx file of unsigned bytes: it starts with {:02x} {:02x} {:02x} {:02x}",
            path, static_cast<std::uint8_t>(start[0]), static_cast<std::uint8_t>(start[1]),
            static_cast<std::uint8_t>(start[2]), static_cast<std::uint8_t>(start[3])),
        {.file = path}, "idx images start with 00 00 08 03, labels with 00 00 08 01");
  }
  const std::size_t count = static_cast<std::uint8_t>(start[3]);
  IdxHeader header;
  header.bytes = 4 + 4 * count;
  if (start.size() < header.bytes) throw_too_short(path, header.bytes);
  std::uint64_t left = kMostBytes;  // so that the product of the dimensions fits 64 bits
  for (std::size_t d = 0; d < count; ++d) {
    std::uint64_t size = 0;
    for (std::size_t i = 0; i < 4; ++i)
      size = (size << 8) | static_cast<std::uint8_t>(start[4 + 4 * d + i]);
    if (size > left)
      throw DataError("the dimensions of the idx file are absurdly large", {.file = path});
    if (size != 0) left /= size;
    header.dims.push_back(size);
  }
  return header;
}

ParsedRows read_idx(const dist::Cluster& cluster, const proto::IdxSource& config,
                    const LoadOptions& options) {
  const auto& [ranks, threads] = cluster;
  const int reader = first_worker(options);
  Found found;
  std::string labels;
  dist::all_or_none(ranks, [&] {
    if (ranks.rank() != reader) return;
    found = look_at_images(config.images());
    if (config.has_labels()) labels = read_labels(config.labels(), config.images(), found.rows);
  });
  ranks.broadcast(std::as_writable_bytes(std::span(&found, 1)), reader);
  ranks.broadcast(labels, reader);
  ParsedRows parsed = empty_rows(options);
  const Schema schema = schema_of(found.width, config.has_labels());
  for (const auto& [name, type] : schema.columns()) {
    const bool vector = type.kind == ColumnType::Kind::Vector;
    parsed.format.cells.push_back({name, type, vector ? Encoding::Bytes : Encoding::Number});
  }
  dist::all_or_none(ranks, [&] {
    if (!found.packed) {
      const auto workers = static_cast<std::size_t>(ranks.world_size());
      const dist::Range range =
          dist::block_of(found.rows, static_cast<std::size_t>(ranks.rank()), workers);
      read_plain(config.images(), found, labels, range, threads, parsed.rows);
    } else if (ranks.rank() == reader) {
      read_packed(config.images(), found, labels, parsed.rows);
    }
  });
  return parsed;
}

Schema peek_idx(const proto::IdxSource& config) {
  return schema_of(look_at_images(config.images()).width, config.has_labels());
}

bool is_idx(const std::string& path) {
  std::array<char, 4> start{};
  if (InputStream(path).read(start) < start.size()) return false;
  return start[0] == 0 && start[1] == 0 && start[2] == kUnsignedByte && start[3] != 0;
}

std::string labels_beside(const std::string& images) {
  const std::filesystem::path path(images);
  std::string name = path.filename().string();
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"images", "labels"}, {"idx3", "idx1"}}) {
    const auto at = name.rfind(from);
    if (at == std::string::npos) continue;
    name.replace(at, from.size(), to);
  }
  if (name == path.filename().string()) return {};
  std::vector<std::string> names{name};
  constexpr std::array<std::string_view, 4> kSuffixes{".gz", ".xz", ".bz2", ".zst"};
  std::string plain = name;
  for (const auto suffix : kSuffixes) {
    if (name.ends_with(suffix)) plain = name.substr(0, name.size() - suffix.size());
  }
  names.push_back(plain);
  for (const auto suffix : kSuffixes) names.push_back(plain + std::string(suffix));
  for (const std::string& candidate : names) {
    std::error_code ignored;
    const auto beside = path.parent_path() / candidate;
    if (std::filesystem::is_regular_file(beside, ignored)) return beside.string();
  }
  return {};
}

}  // namespace lockstep::data
