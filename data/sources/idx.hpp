#pragma once
/// idx files (the MNIST family): a header of big-endian numbers, then unsigned bytes, row-major.
/// Labels come from a second file.

#include <span>

#include "data/redistribute.hpp"

namespace lockstep::data {

struct IdxHeader {
  std::vector<std::uint64_t> dims;  ///< the first counts rows
  std::size_t bytes = 0;            ///< of the header itself

  std::uint64_t rows() const { return dims.front(); }
  std::uint64_t width() const;  ///< product of the other dimensions; 1 if there are none
};

/// Parses the start of a file: at least 4 bytes and 4 more a dimension, 1024 are always enough.
/// @throws DataError if it is not an idx file of unsigned bytes, FileError if it ends too early
IdxHeader parse_idx_header(std::span<const char> start, const std::string& path);

/// COLLECTIVE. Columns: features (dense vector), label if there is a labels file.
/// @throws AgreedError (DataError, FileError)
ParsedRows read_idx(const dist::Cluster& cluster, const proto::IdxSource& config,
                    const LoadOptions& options);

/// The schema of the file, from its header. Local. @throws DataError, FileError
Schema peek_idx(const proto::IdxSource& config);

/// Whether the file, unpacked, starts like an idx file. @throws FileError
bool is_idx(const std::string& path);

/// The labels file beside an images file by the usual names, packed or not; empty if there is none.
std::string labels_beside(const std::string& images);

}  // namespace lockstep::data
