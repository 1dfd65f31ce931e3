#include "ml/pipeline/run_folder.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "core/error.hpp"

namespace lockstep::ml {

RunFolder::RunFolder(Files& files, std::string path, bool resume)
    : files_(files), path_(std::move(path)) {
  // A folder in which nothing was ever trained (the data was missing, say) may be used again.
  const auto inside = files_.list(path_);
  const bool used = std::any_of(inside.begin(), inside.end(), [](const std::string& name) {
    return name == "metrics.jsonl" || name == "checkpoints" || name == "model" ||
           name.starts_with("stage_");  // of an estimator before the end
  });
  if (used && !resume) {
    throw FileError(fmt::format("{} holds a run already", path_), {.file = path_},
                    "go on with --resume, or choose another --run-dir");
  }
  make_durable_folder(files_, path_);
  write(".writable", "");  // fail now rather than after an hour of training
  files_.remove(file(".writable"));
  if (resume && files_.exists(file("metrics.jsonl")))
    metrics_bytes_ = files_.read(file("metrics.jsonl")).size();
}

void RunFolder::append_metrics(std::string_view line) {
  constexpr std::size_t kFlushBytes = 1 << 16;
  buffered_.append(line).push_back('\n');
  metrics_bytes_ += line.size() + 1;
  if (buffered_.size() >= kFlushBytes) append_buffered();
}

void RunFolder::append_buffered() {
  if (buffered_.empty()) return;
  files_.append(file("metrics.jsonl"), buffered_);
  buffered_.clear();
}

void RunFolder::flush() {
  append_buffered();
  if (!files_.exists(file("metrics.jsonl"))) return;
  files_.sync(file("metrics.jsonl"));
  files_.sync(path_);
}

void RunFolder::truncate_metrics(std::uint64_t bytes) {
  buffered_.clear();
  const std::string path = file("metrics.jsonl");
  const std::string text = files_.exists(path) ? files_.read(path) : "";
  std::string_view kept = std::string_view(text).substr(0, bytes);
  kept = kept.substr(0, kept.rfind('\n') + 1);
  write("metrics.jsonl", kept);
  metrics_bytes_ = kept.size();
}

std::string default_run_path(const Files& files, const std::string& name, bool resume) {
  if (!resume)
    return fmt::format("runs/{}-{:%Y%m%d-%H%M%S}", name, fmt::localtime(std::time(nullptr)));
  std::string newest;
  for (const auto& folder : files.list("runs")) {
    const bool ours = folder.starts_with(name + "-") && folder.size() == name.size() + 16;
    if (ours) newest = folder;  // list() is sorted, and so are the dates
  }
  if (newest.empty())
    throw ConfigError(fmt::format("there is no run of '{}' in runs/ to resume", name), {},
                      "name its folder with --run-dir");
  return "runs/" + newest;
}

}  // namespace lockstep::ml
