#include "data/sources/text_units.hpp"

#include <algorithm>

#include "data/sources/row_cuts.hpp"

namespace lockstep::data {
namespace {

constexpr std::uint64_t kPackedWeight = 4;  // bytes that a packed byte becomes, about

}  // namespace

std::vector<TextUnit> cut_into_units(const std::vector<FileInfo>& files, const TextFormat& format) {
  std::vector<TextUnit> units;
  for (std::size_t f = 0; f < files.size(); ++f) {
    const FileInfo& file = files[f];
    if (file.packing != Packing::None || format.whole_files()) {
      const std::uint64_t factor = file.packing == Packing::None ? 1 : kPackedWeight;
      units.push_back({f, 0, file.size, true, std::max<std::uint64_t>(1, file.size * factor)});
      continue;
    }
    for (std::uint64_t begin = 0; begin < file.size; begin += kTextPieceBytes) {
      const std::uint64_t end = std::min(file.size, begin + kTextPieceBytes);
      units.push_back({f, begin, end, false, end - begin});
    }
  }
  return units;
}

dist::Range units_of(const std::vector<TextUnit>& units, std::size_t rank, std::size_t ranks) {
  std::uint64_t all = 0;
  for (const TextUnit& unit : units) all += unit.weight;
  const auto owner = [&](std::uint64_t middle) {
    return static_cast<std::size_t>(static_cast<double>(middle) / static_cast<double>(all) *
                                    static_cast<double>(ranks));
  };
  dist::Range own{units.size(), units.size()};
  std::uint64_t before = 0;
  for (std::size_t u = 0; u < units.size(); ++u) {
    const std::size_t to = std::min(owner(before + units[u].weight / 2), ranks - 1);
    if (to >= rank) own.begin = std::min(own.begin, u);
    if (to > rank) own.end = std::min(own.end, u);
    before += units[u].weight;
  }
  return own;
}

}  // namespace lockstep::data
