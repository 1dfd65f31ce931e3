#pragma once
/// A partition as a file, mapped into memory for reading: the cache, and what does not fit into
/// memory. Local.
///
/// Layout (little-endian, arrays at multiples of 64 bytes): "LSPART01", checksums of header and
/// payload, sizes; the header (columns and where their arrays stand); the payload (the arrays as
/// they lie in memory).

#include <cstdint>
#include <string>

#include "data/table.hpp"

namespace lockstep::data {

/// What the arrays of a partition take, in memory as in a file.
std::uint64_t payload_bytes(const Partition& partition);

/// The partition's bytes as a file has them: a function of the partition alone.
std::string to_file_bytes(const Partition& partition);

/// Writes the partition to `path`, not yet durable. Array by array: next to the partition it takes
/// a megabyte. @throws FileError
void write_partition(const std::string& path, const Partition& partition);

/// Maps a partition; its values are read when they are touched. @throws FileError if the file is
/// not there, not whole, of another version, or damaged in its header
Partition map_partition(const std::string& path);

/// Reads the file once, a piece at a time, and compares the payload's checksum. @throws FileError
void verify_partition(const std::string& path);

/// Puts the partition into a file of `folder` that goes with the process, and maps it in its place.
/// @throws FileError
void move_to_disk(Partition& partition, const std::string& folder);

}  // namespace lockstep::data
