#pragma once
/// Text files on many ranks: plain ones are cut into byte ranges over ranks and threads at the ends
/// of rows; a packed one is unpacked by one rank and parsed by its threads. Rows follow the files'
/// order either way, and the pieces are a function of the files alone.

#include <string>
#include <vector>

#include "core/thread_pool.hpp"
#include "data/dataset.hpp"
#include "data/sources/input_files.hpp"
#include "data/sources/row_cuts.hpp"
#include "data/sources/text_facts.hpp"
#include "data/sources/text_format.hpp"
#include "data/storage/batch_store.hpp"
#include "dist/cluster.hpp"

namespace lockstep::data {

/// COLLECTIVE. Parses all files; this rank's rows go into `rows`, in order; those of rank r come
/// before those of rank r + 1. @throws AgreedError: FileError, or DataError with file:line:column
/// of the first bad row
TextFacts read_text(const dist::Cluster& cluster, const std::vector<FileInfo>& files,
                    const TextFormat& format, BatchStore& rows);

/// COLLECTIVE. What the driver finds for `paths`, on every rank. @throws AgreedError (FileError)
std::vector<FileInfo> agree_on_files(const dist::Communicator& ranks,
                                     const std::vector<std::string>& paths, bool deep = false);

}  // namespace lockstep::data
