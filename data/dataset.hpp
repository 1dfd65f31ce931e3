#pragma once
/// A dataset spread over the ranks, and how it is loaded: ranks parse byte ranges, then every row
/// moves once to the rank that owns its partition.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/proto/data.pb.h"
#include "core/thread_pool.hpp"
#include "data/table.hpp"
#include "dist/cluster.hpp"
#include "dist/tree.hpp"

namespace lockstep::data {

struct Dataset {
  std::string name;  ///< for people: the path, or "synthetic"
  Schema schema;
  std::uint64_t rows = 0;                ///< on all ranks together
  std::size_t partitions = 0;            ///< K
  dist::Range block;                     ///< this rank's partitions
  std::vector<Partition> own;            ///< those partitions, in order
  std::uint64_t memory_limit_bytes = 0;  ///< as in LoadOptions: what readers are to keep to

  /// Forgets all columns but these; names it does not have are ignored. Local.
  void keep(const std::vector<std::string>& columns);
};

/// Where parsed rows are kept for the next time.
struct CacheOptions {
  bool enabled = false;
  std::string folder;           ///< empty: default_cache_folder()
  std::uint64_t min_bytes = 0;  ///< smaller sources are not kept
};

struct LoadOptions {
  std::uint64_t seed = 1;
  std::size_t partitions = 64;      ///< K
  std::vector<dist::Range> blocks;  ///< for each rank, the partitions it owns
  double validation_fraction = 0;   ///< share of the rows that goes to LoadedData::validation
  const Schema* like = nullptr;  ///< the training file's: others are read with its types and widths
  bool labels_optional = false;  ///< predict: rows may have no label; the label column is there
                                 ///< only if all rows have one
  std::uint64_t memory_limit_bytes =
      0;                        ///< of a rank, see MemoryShares; 0: all rows stay in memory
  std::string scratch_folder;   ///< where the rest goes; empty: scratch_folder()
  std::string scratch() const;  ///< that folder
  CacheOptions cache;
};

/// Options of an experiment's data: memory limit, scratch folder, cache. The rest is for the
/// caller.
LoadOptions load_options(const proto::Data& config, std::uint64_t seed);

/// Where the time of a load went, on this rank.
struct LoadTimes {
  double parse_seconds = 0;        ///< reading and parsing
  double move_seconds = 0;         ///< to the partitions' owners, into columns, into the cache
  double cache_seconds = 0;        ///< finding, checking and mapping cached partitions
  std::uint64_t source_bytes = 0;  ///< of all files, as they lie on disk
  bool from_cache = false;
};

struct LoadedData {
  Dataset rows;
  Dataset validation;  ///< rows == 0 unless a validation_fraction was asked for
  LoadTimes times{};
};

/// COLLECTIVE. Every row i of n gets position = Permutation(seed, Partition, n)(i); the first
/// round(fraction * n) positions are validation rows, the others training rows, renumbered from 0.
/// Partition p of m rows holds the positions [ceil(p m / K), ceil((p + 1) m / K)), so that sizes
/// differ by one at most, evenly spread.
/// @throws AgreedError (from DataError with file:line:column, or FileError) on all ranks if a row
/// or a file is bad on any.
LoadedData load(const dist::Cluster& cluster, const proto::Source& source,
                const LoadOptions& options);

/// First position of partition `p` of `partitions` over `rows` rows: ceil(p * rows / partitions).
inline std::uint64_t partition_begin(std::uint64_t rows, std::size_t partitions, std::size_t p) {
  return (p * rows + partitions - 1) / partitions;
}

/// The schema of `source` as its first rows show it: types may turn out wider, libsvm widths are
/// open. Reads the beginning of the first file: call it on the driver. @throws ConfigError,
/// FileError, DataError
Schema peek_schema(const proto::Source& source);

/// A copy of `source` that reads `path` instead (for --data and --test). For idx, `path` is the
/// images file, the labels file is found beside it by the usual names (images-idx3 -> labels-idx1)
/// if there is one. Reads the file system: call it on the driver. A synthetic source becomes
/// guess_source(path). @throws FileError in that case only
proto::Source with_path(const proto::Source& source, const std::string& path);

/// A source guessed from a file's name and first bytes: .csv and .tsv, .jsonl and .ndjson, idx
/// magic, libsvm where the first line reads so, else lines of text. @throws FileError
proto::Source guess_source(const std::string& path);

}  // namespace lockstep::data
