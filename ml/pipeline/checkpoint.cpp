#include "ml/pipeline/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "core/config.hpp"
#include "core/error.hpp"
#include "core/seal.hpp"

namespace lockstep::ml {
namespace {

constexpr const char* kState = "state.textproto";

CheckpointStore::Loaded load(const Files& files, const std::string& folder) {
  CheckpointStore::Loaded loaded;
  loaded.folder = folder;
  const auto text = unseal(files.read(join_path(folder, kState)));
  if (!text) throw std::invalid_argument("state.textproto is damaged or cut short");
  if (!from_text(*text, loaded.state))
    throw std::invalid_argument("state.textproto cannot be read");
  for (const auto& file : loaded.state.file()) {
    std::string bytes = files.read(join_path(folder, file.name()));
    if (bytes.size() != file.bytes()) {
      throw std::invalid_argument(
          fmt::format("{} has {} bytes instead of {}", file.name(), bytes.size(), file.bytes()));
    }
    if (checksum(bytes) != file.checksum())
      throw std::invalid_argument(file.name() + " does not match its checksum");
    loaded.files[file.name()] = std::move(bytes);
  }
  return loaded;
}

}  // namespace

struct CheckpointStore::Background {
  std::future<void> writing;
};

CheckpointStore::CheckpointStore(Files& files, std::string folder, std::size_t keep_last)
    : files_(files),
      folder_(std::move(folder)),
      keep_last_(keep_last),
      background_(std::make_unique<Background>()) {
  finish_interrupted_writes(files_, folder_);
}

CheckpointStore::~CheckpointStore() {
  if (background_->writing.valid()) background_->writing.wait();
}

std::vector<std::string> CheckpointStore::folders() const {
  std::vector<std::string> found;
  for (const auto& name : files_.list(folder_)) {
    if (name.starts_with("step-")) found.push_back(join_path(folder_, name));
  }
  return found;
}

void CheckpointStore::save(proto::TrainingState state,
                           std::function<std::vector<NamedBytes>()> make_files) {
  wait();
  background_->writing = std::async(
      std::launch::async,
      [this, state = std::move(state), make = std::move(make_files)] { write(state, make()); });
}

void CheckpointStore::wait() {
  if (background_->writing.valid()) background_->writing.get();
}

void CheckpointStore::write(const proto::TrainingState& state,
                            const std::vector<NamedBytes>& contents) {
  proto::TrainingState full = state;
  for (const auto& [name, bytes] : contents) {
    auto* file = full.add_file();
    file->set_name(name);
    file->set_bytes(bytes.size());
    file->set_checksum(checksum(bytes));
  }
  auto all = contents;
  all.push_back({kState, seal(to_text(full))});
  const std::string path = join_path(folder_, fmt::format("step-{:010}", state.step()));
  make_durable_folder(files_, folder_);
  write_folder_atomically(files_, path, all);
  remove_all_but_last(path);
}

void CheckpointStore::remove_all_but_last(const std::string& newest) {
  const auto found = folders();
  const auto end = std::upper_bound(found.begin(), found.end(), newest);
  // Later steps are those of a run that went back to an older checkpoint because these are damaged.
  std::for_each(end, found.end(), [&](const auto& folder) { files_.remove(folder); });
  const auto kept = std::min(static_cast<std::size_t>(end - found.begin()), keep_last_);
  std::for_each(found.begin(), end - static_cast<std::ptrdiff_t>(kept),
                [&](const auto& folder) { files_.remove(folder); });
}

std::optional<CheckpointStore::Loaded> CheckpointStore::load_newest(
    std::vector<std::string>& complaints) const {
  const auto found = folders();
  for (auto folder = found.rbegin(); folder != found.rend(); ++folder) {
    try {
      return load(files_, *folder);
    } catch (const std::exception& error) {
      complaints.push_back(fmt::format("checkpoint {} is passed over: {}", *folder, error.what()));
    }
  }
  return std::nullopt;
}

}  // namespace lockstep::ml
