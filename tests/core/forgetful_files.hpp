#pragma once
/// A file system in memory that forgets what was not synced, and a power cut after any operation.
///
/// A file's bytes are durable when the file has been synced, a folder's entries (names made,
/// renamed, removed) when the folder has been. What is not durable may or may not survive:
/// after_power_cut() knows both ways.

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/files.hpp"

namespace lockstep::tests {

enum class Survives {
  Synced,          ///< only what was synced
  SyncedAndNames,  ///< all entries, but of the files only what was synced: a rename may overtake
                   ///< the bytes
  Everything,  ///< as if the process alone had been killed; a write that was under way is cut in
               ///< half
};

class ForgetfulFiles final : public Files {
 public:
  /// The first `operations` changes from now on succeed; the next one and all later ones throw
  /// FileError.
  void crash_after(std::size_t operations) { left_ = operations; }
  bool crashed() const { return crashed_; }

  /// What a new process finds.
  ForgetfulFiles after_power_cut(Survives survives) const {
    ForgetfulFiles found;
    found.root_ = copy(*root_, survives);
    return found;
  }

  void write(const std::string& path, std::string_view bytes) override { put(path, bytes, false); }
  void append(const std::string& path, std::string_view bytes) override { put(path, bytes, true); }

  void sync(const std::string& path) override {
    operation();
    Node& node = *find(path);
    node.durable_bytes = node.bytes;
    node.durable_entries = node.entries;
  }

  void rename(const std::string& from, const std::string& to) override {
    operation();
    const auto moved = find(from);
    auto& target = find(folder_of(to))->entries[name_of(to)];
    if (target && target->folder && !target->entries.empty())
      throw FileError("cannot rename to " + to + ": it is not empty");
    target = moved;
    find(folder_of(from))->entries.erase(name_of(from));
  }

  void make_folder(const std::string& path) override {
    if (lookup(path)) return;
    make_folder(folder_of(path));
    operation();
    find(folder_of(path))->entries[name_of(path)] = std::make_shared<Node>(true);
  }

  void remove(const std::string& path) override {
    if (!lookup(path)) return;
    for (const auto& name : list(path)) remove(join_path(path, name));
    operation();
    find(folder_of(path))->entries.erase(name_of(path));
  }

  bool exists(const std::string& path) const override { return lookup(path) != nullptr; }
  std::string read(const std::string& path) const override { return find(path)->bytes; }

  std::vector<std::string> list(const std::string& folder) const override {
    std::vector<std::string> names;
    if (const auto node = lookup(folder)) {
      for (const auto& [name, entry] : node->entries) names.push_back(name);
    }
    return names;
  }

  /// Damages a file behind everybody's back.
  void damage(const std::string& path, std::string bytes) {
    find(path)->bytes = find(path)->durable_bytes = std::move(bytes);
  }

 private:
  struct Node {
    explicit Node(bool is_folder) : folder(is_folder) {}
    bool folder;
    std::string bytes, durable_bytes;
    std::map<std::string, std::shared_ptr<Node>> entries, durable_entries;
  };

  static std::shared_ptr<Node> copy(const Node& node, Survives survives) {
    auto made = std::make_shared<Node>(node.folder);
    made->bytes = made->durable_bytes =
        survives == Survives::Everything ? node.bytes : node.durable_bytes;
    for (const auto& [name, entry] :
         survives == Survives::Synced ? node.durable_entries : node.entries) {
      made->entries[name] = copy(*entry, survives);
    }
    made->durable_entries = made->entries;
    return made;
  }

  void put(const std::string& path, std::string_view bytes, bool append) {
    auto& file = find(folder_of(path))->entries[name_of(path)];
    if (!file) file = std::make_shared<Node>(false);
    if (!append) file->bytes.clear();
    if (left_ == 0) file->bytes.append(bytes.substr(0, bytes.size() / 2));
    operation();
    file->bytes.append(bytes);
  }

  void operation() {
    crashed_ = crashed_ || left_ == 0;
    if (crashed_) throw FileError("power cut");
    --left_;
  }

  static std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

  std::shared_ptr<Node> lookup(const std::string& path) const {
    if (path == ".") return root_;
    const auto folder = lookup(folder_of(path));
    if (!folder) return nullptr;
    const auto entry = folder->entries.find(name_of(path));
    return entry == folder->entries.end() ? nullptr : entry->second;
  }

  std::shared_ptr<Node> find(const std::string& path) const {
    if (auto node = lookup(path)) return node;
    throw FileError(path + " is not there");
  }

  std::shared_ptr<Node> root_ = std::make_shared<Node>(true);
  std::size_t left_ = std::numeric_limits<std::size_t>::max();
  bool crashed_ = false;
};

/// Runs work(files) on a copy of `start` with a power cut after 0, 1, 2 ... operations, until it
/// gets through, and calls check(found) with what each of these cuts may leave.
template <typename Work, typename Check>
void with_every_power_cut(const ForgetfulFiles& start, const Work& work, const Check& check) {
  bool crashed = true;
  for (std::size_t operations = 0; crashed; ++operations) {
    ForgetfulFiles files = start.after_power_cut(Survives::Everything);
    files.crash_after(operations);
    try {
      work(files);
    } catch (const FileError&) {
    }
    crashed = files.crashed();
    for (const auto survives : {Survives::Synced, Survives::SyncedAndNames, Survives::Everything}) {
      INFO("power cut after " << operations << " operations, variant "
                              << static_cast<int>(survives));
      auto found = files.after_power_cut(survives);
      check(found);
    }
  }
}

}  // namespace lockstep::tests
