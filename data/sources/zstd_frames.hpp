#pragma once
/// Whether a zstd file is complete: walks its frames and blocks (RFC 8878, 3.1) without unpacking
/// them.

#include "data/sources/input.hpp"

namespace lockstep::data {

/// False if the file ends inside a frame. Damage of another kind is left to the unpacker. @throws
/// FileError
bool zstd_frames_are_whole(const InputFile& file);

}  // namespace lockstep::data
