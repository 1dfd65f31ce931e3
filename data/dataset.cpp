#include "data/dataset.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/process_memory.hpp"
#include "data/redistribute.hpp"
#include "data/sources/idx.hpp"
#include "data/sources/libsvm.hpp"
#include "data/sources/libsvm_parser.hpp"
#include "data/sources/synthetic.hpp"
#include "data/sources/tables.hpp"
#include "data/sources/text_source.hpp"
#include "data/storage/cache.hpp"
#include "data/storage/spill.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

std::vector<std::string> paths_of(const proto::Source& source) {
  const auto list = [](const auto& paths) {
    return std::vector<std::string>(paths.begin(), paths.end());
  };
  switch (source.kind_case()) {
    case proto::Source::kLibsvm:
      return list(source.libsvm().path());
    case proto::Source::kCsv:
      return list(source.csv().path());
    case proto::Source::kText:
      return list(source.text().path());
    case proto::Source::kJson:
      return list(source.json().path());
    case proto::Source::kIdx:
      return source.idx().has_labels() ? std::vector{source.idx().images(), source.idx().labels()}
                                       : std::vector{source.idx().images()};
    case proto::Source::kSynthetic:
    case proto::Source::KIND_NOT_SET:
      break;
  }
  return {};
}

bool reads_folders(const proto::Source& source) {
  return source.has_text() && source.text().format() == proto::TextSource::FILES;
}

ParsedRows parse(const dist::Cluster& cluster, const proto::Source& source,
                 const std::vector<FileInfo>& files, const LoadOptions& options) {
  const auto& ranks = cluster.ranks;
  switch (source.kind_case()) {
    case proto::Source::kLibsvm:
      return read_libsvm(cluster, source.libsvm(), files, options);
    case proto::Source::kCsv:
      return read_csv(cluster, source.csv(), files, options);
    case proto::Source::kText:
      return read_lines(cluster, source.text(), files, options);
    case proto::Source::kJson:
      return read_json(cluster, source.json(), files, options);
    case proto::Source::kIdx:
      return read_idx(cluster, source.idx(), options);
    case proto::Source::kSynthetic:
    case proto::Source::KIND_NOT_SET:
      break;
  }
  dist::all_or_none(ranks, [] {
    throw ConfigError("a source without a kind", {.field = "data"},
                      R"(write for example: libsvm { path: "train.libsvm" })");
  });
  return ParsedRows();
}

class Clock {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Whether the name ends so, before the ending of a packed file.
bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> endings) {
  for (const std::string_view packed : {".gz", ".bz2", ".xz", ".zst"}) {
    if (name.ends_with(packed)) name.remove_suffix(packed.size());
  }
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

/// Whether the first row reads as libsvm.
bool looks_like_libsvm(const FileInfo& file) {
  constexpr std::size_t kSampleBytes = 65536;
  LibsvmRules rules;
  rules.zero_based = true;
  rules.labels_optional = true;
  const TextRows rows = parse_libsvm(first_bytes(file, kSampleBytes), rules);
  return rows.rows.rows() > 0 || !rows.problem;
}

/// COLLECTIVE. Out of the cache or out of the files.
LoadedData load_files(const dist::Cluster& cluster, const proto::Source& source,
                      const LoadOptions& options) {
  const auto& [ranks, threads] = cluster;
  const auto paths = paths_of(source);
  const auto files = agree_on_files(ranks, paths, reads_folders(source));
  const std::string name = name_of(paths);
  LoadTimes times;
  for (const FileInfo& file : files) times.source_bytes += file.size;
  const Clock clock;
  std::optional<CacheEntry> cache;
  if (options.cache.enabled && times.source_bytes >= options.cache.min_bytes) {
    cache.emplace(ranks, options, cache_digest(source, files, options));
    if (auto data = cache->open(threads, name)) {
      if (ranks.rank() == 0) log::debug("{}: read from the cache", name);
      times.from_cache = true;
      times.cache_seconds = clock.seconds();
      data->times = times;
      return std::move(*data);
    }
  }
  ParsedRows parsed = parse(cluster, source, files, options);
  times.parse_seconds = clock.seconds();
  if (options.memory_limit_bytes != 0) trim_heap();
  LoadedData data =
      redistribute(cluster, name, std::move(parsed), options, cache ? &*cache : nullptr);
  times.move_seconds = clock.seconds() - times.parse_seconds;
  data.times = times;
  return data;
}

}  // namespace

void Dataset::keep(const std::vector<std::string>& columns) {
  schema.keep(columns);
  for (Partition& partition : own) {
    std::erase_if(partition.columns, [&](const auto& column) {
      return std::find(columns.begin(), columns.end(), column.first) == columns.end();
    });
  }
}

std::string LoadOptions::scratch() const {
  return scratch_folder.empty() ? data::scratch_folder() : scratch_folder;
}

LoadOptions load_options(const proto::Data& config, std::uint64_t seed) {
  constexpr double kMegabyte = 1e6;
  LoadOptions options;
  options.seed = seed;
  options.memory_limit_bytes = static_cast<std::uint64_t>(config.memory_limit() * kMegabyte);
  options.scratch_folder = config.scratch_dir();
  options.cache.enabled = config.cache().enabled();
  options.cache.folder = config.cache().dir();
  options.cache.min_bytes = static_cast<std::uint64_t>(config.cache().min_megabytes() * kMegabyte);
  return options;
}

LoadedData load(const dist::Cluster& cluster, const proto::Source& source,
                const LoadOptions& options) {
  const auto& ranks = cluster.ranks;
  expects(options.blocks.size() == static_cast<std::size_t>(ranks.world_size()),
          "there is a block for each rank");
  if (options.memory_limit_bytes != 0) keep_heap_small();
  LoadedData data = source.has_synthetic() ? make_synthetic(cluster, source.synthetic(), options)
                                           : load_files(cluster, source, options);
  if (options.memory_limit_bytes != 0) trim_heap();
  data.rows.memory_limit_bytes = data.validation.memory_limit_bytes = options.memory_limit_bytes;
  return data;
}

Schema peek_schema(const proto::Source& source) {
  const auto files = list_files(paths_of(source), reads_folders(source));
  switch (source.kind_case()) {
    case proto::Source::kCsv:
      return format_of(peek_csv(source.csv(), files, nullptr)).schema();
    case proto::Source::kText:
      return format_of(peek_lines(source.text(), files, nullptr)).schema();
    case proto::Source::kJson:
      return format_of(peek_json(source.json(), files, nullptr)).schema();
    case proto::Source::kLibsvm: {
      ColumnType features = vector_type(source.libsvm().num_features());
      features.open_width = !source.libsvm().has_num_features();
      Schema schema;
      schema.add("label", {ColumnType::Kind::Number});
      if (source.libsvm().has_qid_col())
        schema.add(source.libsvm().qid_col(), {ColumnType::Kind::Number});
      schema.add("features", features);
      return schema;
    }
    case proto::Source::kIdx:
      return peek_idx(source.idx());
    case proto::Source::kSynthetic:
      return synthetic_schema(source.synthetic());
    case proto::Source::KIND_NOT_SET:
      break;
  }
  return {};
}

proto::Source with_path(const proto::Source& source, const std::string& path) {
  proto::Source copy = source;
  const auto replace = [&](auto& kind) {
    kind.clear_path();
    kind.add_path(path);
    return copy;
  };
  switch (source.kind_case()) {
    case proto::Source::kLibsvm:
      return replace(*copy.mutable_libsvm());
    case proto::Source::kCsv:
      return replace(*copy.mutable_csv());
    case proto::Source::kText:
      return replace(*copy.mutable_text());
    case proto::Source::kJson:
      return replace(*copy.mutable_json());
    case proto::Source::kIdx: {
      copy.mutable_idx()->set_images(path);
      copy.mutable_idx()->clear_labels();
      if (const std::string labels = labels_beside(path); !labels.empty())
        copy.mutable_idx()->set_labels(labels);
      return copy;
    }
    case proto::Source::kSynthetic:
    case proto::Source::KIND_NOT_SET:
      break;
  }
  return guess_source(path);
}

proto::Source guess_source(const std::string& path) {
  proto::Source source;
  const auto files = list_files({path});
  if (ends_with_any(path, {".csv"})) {
    source.mutable_csv();
  } else if (ends_with_any(path, {".tsv", ".tab"})) {
    source.mutable_csv()->set_sep("\t");
  } else if (ends_with_any(path, {".jsonl", ".ndjson", ".json"})) {
    source.mutable_json();
  } else if (is_idx(files[0].path)) {
    source.mutable_idx();
  } else if (ends_with_any(path, {".libsvm", ".svm", ".svmlight"}) || looks_like_libsvm(files[0])) {
    source.mutable_libsvm();
  } else {
    source.mutable_text();
    const std::string text = first_bytes(files[0], 65536);
    if (text.find('\t') < text.find('\n'))
      source.mutable_text()->set_format(proto::TextSource::LABEL_TAB_TEXT);
  }
  return with_path(source, path);
}

}  // namespace lockstep::data
