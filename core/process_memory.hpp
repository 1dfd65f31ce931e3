#pragma once
/// What this process has in memory, as the system counts it. Local.

#include <cstdint>

namespace lockstep {

/// The most that was resident at one time, bytes: heap, libraries and mapped files.
std::uint64_t peak_resident_bytes() noexcept;

/// Pages of files (libraries among them) and of shared memory that are resident now, bytes; 0 where
/// the system does not say. Takes about a microsecond; thread-safe.
std::uint64_t resident_file_bytes() noexcept;

/// From now on memory that is freed in large pieces goes back to the system at once, instead of
/// being kept for the next such piece: costs a little time, for a smaller process.
void keep_heap_small() noexcept;

/// Gives the system what is free in the heap. Takes milliseconds: for the end of a phase.
void trim_heap() noexcept;

}  // namespace lockstep
