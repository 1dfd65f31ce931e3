#pragma once
/// Which files a config's paths stand for. Local; called on the rank that looks for all.

#include <cstdint>
#include <string>
#include <vector>

#include "core/serial.hpp"
#include "data/sources/input.hpp"

namespace lockstep::data {

struct FileInfo {
  std::string path;
  std::uint64_t size = 0;        ///< bytes, as they lie on disk
  std::int64_t modified_ns = 0;  ///< since 1970
  Packing packing = Packing::None;

  static constexpr auto kFields =
      std::make_tuple(&FileInfo::path, &FileInfo::size, &FileInfo::modified_ns, &FileInfo::packing);
};

/// The files of `paths`, in order: a file itself; of a folder its files in the order of their names
/// (and those of the folders in it, if `deep`), without those that start with a dot or underscore;
/// of a pattern (*, ?, [ab]) what matches, in the order of names.
/// @throws FileError for a path that is not there, a folder or pattern without files
std::vector<FileInfo> list_files(const std::vector<std::string>& paths, bool deep = false);

/// The paths as one name for people: "a.csv", "a.csv and 2 more".
std::string name_of(const std::vector<std::string>& paths);

}  // namespace lockstep::data
