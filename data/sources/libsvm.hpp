#pragma once
/// libsvm files on many ranks.

#include "data/redistribute.hpp"

namespace lockstep::data {

/// COLLECTIVE. Columns: label (if all rows have one), the qid column where it is asked for,
/// features.
/// @throws AgreedError: FileError, or DataError with file:line:column of the first bad row
ParsedRows read_libsvm(const dist::Cluster& cluster, const proto::LibsvmSource& config,
                       const std::vector<FileInfo>& files, const LoadOptions& options);

}  // namespace lockstep::data
