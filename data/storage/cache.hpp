#pragma once
/// Parsed datasets kept on disk for the next time: a folder a dataset, a file a partition.
///
/// A folder is named by a digest of everything the rows depend on: version, source, the files'
/// names, sizes and times, seed and partitions. It appears whole or not at all, so that jobs that
/// make the same one at once do not meet. A partition is synced when it is written; one whose size
/// and time are still those of then is taken as it is, any other is read and its checksum compared.
/// What is damaged is made anew.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/thread_pool.hpp"
#include "data/dataset.hpp"
#include "data/row_plan.hpp"
#include "data/sources/input_files.hpp"
#include "dist/communicator.hpp"

namespace lockstep::data {

/// $LOCKSTEP_CACHE, else $XDG_CACHE_HOME/lockstep, else ~/.cache/lockstep.
std::string default_cache_folder();

/// What rows of `source` in `files`, loaded with `options`, depend on: 16 hex digits.
std::string cache_digest(const proto::Source& source, const std::vector<FileInfo>& files,
                         const LoadOptions& options);

/// A partition's file when it was written.
struct CacheStamp {
  Part part = Part::Training;
  std::uint64_t partition = 0, size = 0;
  std::int64_t modified_ns = 0;
};

/// A dataset in the cache, or on its way there.
class CacheEntry {
 public:
  /// COLLECTIVE. Makes no file yet.
  CacheEntry(const dist::Communicator& ranks, const LoadOptions& options,
             const std::string& digest);

  /// COLLECTIVE. The dataset, mapped, if every rank finds its partitions whole; a damaged one is
  /// removed.
  std::optional<LoadedData> open(ThreadPool& threads, const std::string& name);

  /// Writes an own partition and maps it in place of the memory. Thread-safe. What fails is noted
  /// for commit().
  void put(Part part, Partition& partition) noexcept;

  /// COLLECTIVE. Makes what was put visible; says why if it cannot.
  void commit(const LoadedData& data);

 private:
  std::string path_of(const std::string& folder, Part part, std::size_t partition) const;

  const dist::Communicator& ranks_;
  const LoadOptions& options_;
  std::string root_, digest_, making_;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  std::vector<CacheStamp> stamps_;  // of what put() has written
};

/// The datasets in a cache folder, for people.
struct CachedDataset {
  std::string digest, name;
  std::uint64_t rows = 0, size_bytes = 0;
};
std::vector<CachedDataset> list_cache(const std::string& folder);

/// Removes them all, and what was left half made. Returns how many bytes are free now.
std::uint64_t clear_cache(const std::string& folder);

}  // namespace lockstep::data
