#pragma once
/// Checkpoints on disk: folders checkpoints/step-NNNNNNNNNN, each whole or absent, with checksums.
/// Driver only, local.
///
/// A folder holds state.textproto (where the run stands, and the checksum of every other file; its
/// last line is a checksum of itself), weights.safetensors, optimizer.safetensors and, once there
/// is a best model, best.safetensors.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/files.hpp"
#include "core/proto/model.pb.h"

namespace lockstep::ml {

class CheckpointStore {
 public:
  /// `folder` is the run's checkpoints/ folder. Leftovers of an interrupted write are tidied up.
  CheckpointStore(Files& files, std::string folder, std::size_t keep_last);
  ~CheckpointStore();  ///< waits for the writer; an error of it is lost here: call wait() before

  /// Writes in the background. `make_files` runs in that thread too and gives the files' bytes.
  /// Waits for the write before, if it is still under way. @throws FileError of that one
  void save(proto::TrainingState state, std::function<std::vector<NamedBytes>()> make_files);

  /// Returns when nothing is being written. @throws FileError if the last write failed
  void wait();

  struct Loaded {
    proto::TrainingState state;
    std::map<std::string, std::string> files;
    std::string folder;
  };
  /// The newest checkpoint that is whole. `complaints` gets a sentence for every damaged one that
  /// was passed over.
  std::optional<Loaded> load_newest(std::vector<std::string>& complaints) const;

 private:
  struct Background;
  std::vector<std::string> folders() const;  // oldest first
  void write(const proto::TrainingState& state, const std::vector<NamedBytes>& contents);
  void remove_all_but_last(const std::string& newest);

  Files& files_;
  std::string folder_;
  std::size_t keep_last_;
  std::unique_ptr<Background> background_;
};

}  // namespace lockstep::ml
