#include "apps/output_file.hpp"

#include <filesystem>

#include "core/files.hpp"
#include "dist/session.hpp"

namespace lockstep::apps {

OutputFile::OutputFile(const dist::Communicator& ranks, const std::string& path)
    : ranks_(ranks), path_(path) {
  const std::filesystem::path file(path);
  temporary_ = join_path(folder_of(path), ".tmp-" + file.filename().string());
  dist::all_or_none(ranks_, [&] {
    if (ranks_.rank() == 0) real_files().write(temporary_, "");
  });
}

OutputFile::~OutputFile() {
  if (ranks_.rank() != 0 || temporary_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
}

void OutputFile::append(const std::string& text) { real_files().append(temporary_, text); }

void OutputFile::finish() {
  dist::all_or_none(ranks_, [&] {
    if (ranks_.rank() != 0) return;
    real_files().sync(temporary_);
    real_files().rename(temporary_, path_);
    real_files().sync(folder_of(path_));
    temporary_.clear();
  });
}

}  // namespace lockstep::apps
