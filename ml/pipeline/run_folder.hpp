#pragma once
/// The folder of one run: config.textproto, log.txt, metrics.jsonl, metrics.json, model/,
/// checkpoints/, predictions.csv, report.html. Driver only, local.

#include <string>
#include <string_view>

#include "core/files.hpp"

namespace lockstep::ml {

class RunFolder {
 public:
  /// Makes the folder, or opens an existing one with `resume`.
  /// @throws FileError if it cannot be written, or holds a run already and `resume` is false.
  RunFolder(Files& files, std::string path, bool resume);

  const std::string& path() const noexcept { return path_; }
  std::string file(const std::string& name) const { return join_path(path_, name); }
  Files& files() const noexcept { return files_; }

  /// One line of metrics.jsonl. Buffered; flush() writes durably, so that no checkpoint counts
  /// lines that are not there.
  void append_metrics(std::string_view line);
  void flush();
  std::uint64_t metrics_bytes() const noexcept { return metrics_bytes_; }
  void truncate_metrics(std::uint64_t bytes);  ///< keeps the whole lines of the first bytes; a
                                               ///< resumed run writes the others again

  void write(const std::string& name, std::string_view bytes) {
    write_atomically(files_, file(name), bytes);
  }

 private:
  void append_buffered();

  Files& files_;
  std::string path_;
  std::string buffered_;
  std::uint64_t metrics_bytes_ = 0;
};

/// "runs/NAME-20260131-120000", below the working folder; with `resume` the newest such folder that
/// exists.
/// @throws ConfigError if there is nothing to resume.
std::string default_run_path(const Files& files, const std::string& name, bool resume);

}  // namespace lockstep::ml
