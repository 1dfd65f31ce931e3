#include "data/sources/input_files.hpp"

#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const std::string& name) { return name.empty() || name[0] == '.' || name[0] == '_'; }

FileInfo look_at(const std::string& path) {
  const InputFile file(path);
  FileInfo info{path, file.size(), 0, packing_of(file)};
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0)
    info.modified_ns =
        static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec;
  return info;
}

std::vector<std::string> files_in(const std::string& folder, bool deep) {
  std::vector<std::string> names, files;
  try {
    for (const auto& entry : fs::directory_iterator(folder))
      names.push_back(entry.path().filename());
  } catch (const fs::filesystem_error& error) {
    throw FileError(fmt::format("cannot list '{}': {}", folder, error.code().message()),
                    {.file = folder});
  }
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    if (is_hidden(name)) continue;
    const std::string path = folder + "/" + name;
    if (fs::is_regular_file(path)) files.push_back(path);
    if (!deep || !fs::is_directory(path)) continue;
    const auto below = files_in(path, deep);
    files.insert(files.end(), below.begin(), below.end());
  }
  return files;
}

std::vector<std::string> matches_of(const std::string& pattern) {
  ::glob_t found{};
  const int result = ::glob(pattern.c_str(), GLOB_ERR, nullptr, &found);
  std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (result != 0 && result != GLOB_NOMATCH)
    throw FileError(fmt::format("cannot look for '{}'", pattern), {.file = pattern});
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

std::vector<FileInfo> list_files(const std::vector<std::string>& paths, bool deep) {
  std::vector<FileInfo> files;
  for (const auto& path : paths) {
    std::vector<std::string> found{path};
    const bool pattern = !fs::exists(path) && path.find_first_of("*?[") != std::string::npos;
    if (pattern) found = matches_of(path);
    std::vector<std::string> flat;
    for (const auto& one : found) {
      if (!fs::is_directory(one)) {
        flat.push_back(one);
        continue;
      }
      const auto below = files_in(one, deep);
      flat.insert(flat.end(), below.begin(), below.end());
    }
    if (flat.empty()) {
      throw FileError(pattern ? fmt::format("no file matches '{}'", path)
                              : fmt::format("there is no file in the folder '{}'", path),
                      {.file = path},
                      "check the path: paths in a config are relative to the config file");
    }
    for (const auto& file : flat) files.push_back(look_at(file));
  }
  return files;
}

std::string name_of(const std::vector<std::string>& paths) {
  if (paths.empty()) return "";
  return paths.size() == 1 ? paths[0] : fmt::format("{} and {} more", paths[0], paths.size() - 1);
}

}  // namespace lockstep::data
