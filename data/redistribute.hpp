#pragma once
/// Rows move once, after parsing, to the ranks that own their partitions.

#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/shuffle.hpp"
#include "data/sources/input_files.hpp"
#include "data/storage/batch_store.hpp"
#include "data/storage/cache.hpp"
#include "data/storage/packed_rows.hpp"
#include "dist/cluster.hpp"

namespace lockstep::data {

/// What a source has read. Rows of rank r come before those of rank r + 1 in the files.
struct ParsedRows {
  RowFormat format;                  ///< the same on all ranks
  BatchStore rows;                   ///< this rank's, in the files' order
  std::vector<std::string> dropped;  ///< columns that are packed and not wanted
  bool dense = false;                ///< sparse vectors become dense ones
};

/// With the options' memory limit.
ParsedRows empty_rows(const LoadOptions& options);

/// COLLECTIVE. Frees `parsed` as it goes. `cache` is where the partitions are put as well, or null.
/// @throws AgreedError (DataError) if there are no rows, or none left for training
LoadedData redistribute(const dist::Cluster& cluster, const std::string& name, ParsedRows parsed,
                        const LoadOptions& options, CacheEntry* cache = nullptr,
                        std::size_t most_round_bytes = kRoundBytes);

/// The first rank that owns partitions: it reads what only one rank can read.
int first_worker(const LoadOptions& options);

}  // namespace lockstep::data
