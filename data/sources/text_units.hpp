#pragma once
/// What ranks and threads read of text files at a time: a function of the files alone. Local.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/sources/input_files.hpp"
#include "data/sources/text_format.hpp"
#include "dist/tree.hpp"

namespace lockstep::data {

/// A byte range of a plain file, or a whole packed one.
struct TextUnit {
  std::size_t file = 0;
  std::uint64_t begin = 0, end = 0;
  bool whole = false;  ///< packed, or a row by itself
  std::uint64_t weight = 0;
};

std::vector<TextUnit> cut_into_units(const std::vector<FileInfo>& files, const TextFormat& format);

/// The contiguous units of a rank: those whose middle lies in its share of all weight.
dist::Range units_of(const std::vector<TextUnit>& units, std::size_t rank, std::size_t ranks);

}  // namespace lockstep::data
