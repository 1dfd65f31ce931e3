#include "data/storage/cache.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/error.hpp"
#include "core/files.hpp"
#include "core/log.hpp"
#include "core/serial.hpp"
#include "data/storage/partition_file.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 2;  // raise it when parsing or the files change
constexpr const char* kMeta = "dataset";
constexpr const char* kMaking = ".making-";
constexpr std::size_t kChecksumChars = 16;

void put_schema(Writer& out, const Schema& schema) {
  out.value(schema.columns().size());
  for (const auto& [name, type] : schema.columns()) {
    out.text(name);
    out.value(type.kind);
    out.values(type.shape.dims());
    out.value(type.open_width);
    out.value(type.format);
  }
}

Schema get_schema(Reader& in) {
  Schema schema;
  for (auto n = in.value<std::size_t>(); n > 0; --n) {
    const std::string name = in.text();
    ColumnType type;
    type.kind = in.value<ColumnType::Kind>();
    type.shape = Shape(in.values<std::int64_t>());
    type.open_width = in.value<bool>();
    type.format = in.value<ColumnType::Format>();
    schema.add(name, type);
  }
  return schema;
}

/// The file beside the partitions: what they are together.
struct Meta {
  std::string name;
  Schema schema;
  std::uint64_t rows = 0, validation_rows = 0;
  std::vector<CacheStamp> stamps;  // in the order of part and partition
};

/// Size and time of a file; sizes of 0 if it is not there.
CacheStamp look_at(const std::string& path, Part part, std::size_t partition) {
  CacheStamp stamp{part, partition, 0, 0};
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return stamp;
  constexpr std::int64_t kSecond = 1'000'000'000;
  stamp.size = static_cast<std::uint64_t>(status.st_size);
  stamp.modified_ns = static_cast<std::int64_t>(status.st_mtim.tv_sec) * kSecond +
                      static_cast<std::int64_t>(status.st_mtim.tv_nsec);
  return stamp;
}

bool is_before(const CacheStamp& a, const CacheStamp& b) {
  return a.part != b.part ? a.part < b.part : a.partition < b.partition;
}

/// Whether the file is as it was when it was written.
bool is_untouched(const Meta& meta, const CacheStamp& now) {
  const auto then = std::lower_bound(meta.stamps.begin(), meta.stamps.end(), now, is_before);
  return then != meta.stamps.end() && !is_before(now, *then) && then->size == now.size &&
         then->modified_ns == now.modified_ns;
}

void write_meta(const std::string& folder, const LoadedData& data,
                const std::vector<CacheStamp>& stamps) {
  Writer out;
  out.text(data.rows.name);
  put_schema(out, data.rows.schema);
  out.value(data.rows.rows);
  out.value(data.validation.rows);
  out.values(stamps);
  const std::string bytes = out.take();
  real_files().write(folder + "/" + kMeta, checksum(bytes) + bytes);
}

/// @throws FileError, InternalError if it is damaged
Meta read_meta(const std::string& folder) {
  const std::string path = folder + "/" + kMeta;
  const std::string bytes = real_files().read(path);
  if (bytes.size() < kChecksumChars ||
      checksum(bytes.substr(kChecksumChars)) != bytes.substr(0, kChecksumChars))
    throw FileError(fmt::format("'{}' is damaged", path), {.file = path});
  Reader in(std::string_view(bytes).substr(kChecksumChars));
  Meta meta;
  meta.name = in.text();
  meta.schema = get_schema(in);
  meta.rows = in.value<std::uint64_t>();
  meta.validation_rows = in.value<std::uint64_t>();
  meta.stamps = in.values<CacheStamp>();
  return meta;
}

Dataset make_dataset(const Meta& meta, Part part, const LoadOptions& options, dist::Range block) {
  Dataset dataset;
  dataset.name = meta.name;
  dataset.schema = meta.schema;
  dataset.rows = part == Part::Training ? meta.rows : meta.validation_rows;
  dataset.partitions = options.partitions;
  dataset.block = block;
  dataset.own.resize(block.end - block.begin);
  return dataset;
}

std::uint64_t size_of(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored)) {
    if (entry.is_regular_file(ignored)) bytes += entry.file_size(ignored);
  }
  return bytes;
}

}  // namespace

std::string default_cache_folder() {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  if (const auto folder = variable("LOCKSTEP_CACHE"); !folder.empty()) return folder;
  if (const auto folder = variable("XDG_CACHE_HOME"); !folder.empty()) return folder + "/lockstep";
  const auto home = variable("HOME");
  return (home.empty() ? "/tmp" : home + "/.cache") + "/lockstep";
}

std::string cache_digest(const proto::Source& source, const std::vector<FileInfo>& files,
                         const LoadOptions& options) {
  Writer out;
  out.text(LOCKSTEP_VERSION);
  out.value(kFormat);
  out.text(source.SerializeAsString());
  Serial<std::vector<FileInfo>>::put(out, files);
  out.value(options.seed);
  out.value(options.partitions);
  out.value(options.validation_fraction);
  out.value(options.labels_optional);
  put_schema(out, options.like != nullptr ? *options.like : Schema());
  return checksum(out.take());
}

CacheEntry::CacheEntry(const dist::Communicator& ranks, const LoadOptions& options,
                       const std::string& digest)
    : ranks_(ranks), options_(options), digest_(digest) {
  root_ = options.cache.folder.empty() ? default_cache_folder() : options.cache.folder;
  if (ranks.rank() == 0) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    making_ =
        fmt::format("{}/{}{}-{}-{}-{}", root_, kMaking, digest, dist::host_name(), ::getpid(), now);
  }
  ranks.broadcast(making_);
}

std::string CacheEntry::path_of(const std::string& folder, Part part, std::size_t partition) const {
  return fmt::format("{}/{}-{:05}", folder, part == Part::Training ? "rows" : "validation",
                     partition);
}

std::optional<LoadedData> CacheEntry::open(ThreadPool& threads, const std::string& name) {
  const std::string folder = root_ + "/" + digest_;
  LoadedData data;
  std::int64_t state[] = {1};  // 1 whole, 0 not there, -1 damaged
  const dist::Range block = options_.blocks.at(static_cast<std::size_t>(ranks_.rank()));
  try {
    if (!fs::exists(folder + "/" + kMeta)) {
      state[0] = 0;
    } else {
      Meta meta = read_meta(folder);
      meta.name = name;
      for (const Part part : {Part::Training, Part::Validation}) {
        Dataset dataset = make_dataset(meta, part, options_, block);
        threads.for_each(dataset.own.size(), [&](std::size_t, std::size_t i) {
          const std::string path = path_of(folder, part, block.begin + i);
          if (!is_untouched(meta, look_at(path, part, block.begin + i))) verify_partition(path);
          dataset.own[i] = map_partition(path);
        });
        (part == Part::Training ? data.rows : data.validation) = std::move(dataset);
      }
    }
  } catch (const std::exception& error) {
    log::warning("the cached dataset is made anew: {}", error.what());
    state[0] = -1;
  }
  ranks_.allreduce_min(state);
  if (state[0] == 1) return data;
  data = {};
  if (state[0] == -1 && ranks_.rank() == 0) {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  ranks_.barrier();
  return std::nullopt;
}

void CacheEntry::put(Part part, Partition& partition) noexcept {
  if (failed_) return;
  try {
    const std::string path = path_of(making_, part, partition.index);
    real_files().make_folder(making_);
    write_partition(path, partition);
    real_files().sync(path);
    partition = map_partition(path);
    const CacheStamp stamp = look_at(path, part, partition.index);
    const std::lock_guard lock(mutex_);
    stamps_.push_back(stamp);
  } catch (const std::exception& error) {
    if (!failed_.exchange(true)) log::warning("the dataset is not cached: {}", error.what());
  }
}

void CacheEntry::commit(const LoadedData& data) {
  std::int64_t whole[] = {failed_ ? 0 : 1};
  ranks_.allreduce_min(whole);
  std::vector<CacheStamp> stamps;
  for (const auto& part : ranks_.gather(std::as_bytes(std::span(stamps_)))) {
    const std::size_t before = stamps.size();
    stamps.resize(before + part.size() / sizeof(CacheStamp));
    std::memcpy(stamps.data() + before, part.data(), part.size());
  }
  std::sort(stamps.begin(), stamps.end(), is_before);
  if (ranks_.rank() == 0) {
    std::error_code error;
    try {
      if (whole[0] == 1) {
        real_files().make_folder(making_);
        write_meta(making_, data, stamps);
        fs::rename(making_, root_ + "/" + digest_, error);
      }
    } catch (const std::exception& failure) {
      log::warning("the dataset is not cached: {}", failure.what());
    }
    fs::remove_all(making_, error);  // another job was faster, or it failed
  }
  ranks_.barrier();
}

std::vector<CachedDataset> list_cache(const std::string& folder) {
  std::vector<CachedDataset> found;
  for (const auto& name : real_files().list(folder)) {
    CachedDataset dataset{name, "", 0, size_of(folder + "/" + name)};
    if (!name.starts_with(kMaking)) {
      try {
        const Meta meta = read_meta(folder + "/" + name);
        dataset.name = meta.name;
        dataset.rows = meta.rows + meta.validation_rows;
      } catch (const std::exception&) {
        continue;  // not ours
      }
    }
    found.push_back(dataset);
  }
  return found;
}

std::uint64_t clear_cache(const std::string& folder) {
  std::uint64_t freed = 0;
  for (const auto& dataset : list_cache(folder)) {
    real_files().remove(folder + "/" + dataset.digest);
    freed += dataset.size_bytes;
  }
  return freed;
}

}  // namespace lockstep::data
