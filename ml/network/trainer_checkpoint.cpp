/// The part of the trainer that saves and takes up checkpoints. They hold plain tensors, so any
/// number of ranks can go on.

#include <fmt/format.h>

#include "core/log.hpp"
#include "core/serial.hpp"
#include "dist/session.hpp"
#include "ml/network/network_tensors.hpp"
#include "ml/network/schedule.hpp"
#include "ml/network/trainer.hpp"

namespace lockstep::ml {
namespace {

constexpr const char* kWeights = "weights.safetensors";
constexpr const char* kOptimizer = "optimizer.safetensors";
constexpr const char* kBest = "best.safetensors";

}  // namespace

bool Trainer::checkpoint_due_by_time() const {
  const double minutes = in_.config.checkpoint().every_minutes();
  if (minutes <= 0) return false;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - last_checkpoint_)
             .count() >= 60 * minutes;
}

/// COLLECTIVE. The whole of a sharded flat vector on the driver, as bytes of floats; empty
/// elsewhere.
std::string Trainer::gather_segments(std::span<const float> flat) {
  Writer out;
  for (const auto& segment : step_.exchange().segments()) {
    out.value(segment.begin);
    out.values(flat.subspan(segment.begin, segment.end - segment.begin));
  }
  const std::string own = out.take();
  const auto parts = context_.ranks.gather(std::as_bytes(std::span(own.data(), own.size())));
  if (!context_.is_driver()) return {};
  std::string whole(flat.size() * sizeof(float), '\0');
  for (const auto& part : parts) {
    for (Reader in(part); !in.done();) {
      const auto begin = in.value<std::size_t>();
      const auto values = in.values<float>();
      if (!values.empty())
        std::memcpy(whole.data() + begin * sizeof(float), values.data(),
                    values.size() * sizeof(float));
    }
  }
  return whole;
}

void Trainer::save_checkpoint() {
  last_checkpoint_ = std::chrono::steady_clock::now();
  std::int64_t wanted[] = {store_ ? 1 : 0};  // only the driver knows whether there is a run folder
  context_.ranks.allreduce_max(wanted);
  if (wanted[0] == 0) return;
  auto& optimizer = step_.optimizer();
  std::vector<std::string> states;
  for (std::size_t i = 0; i < optimizer.state_names().size(); ++i)
    states.push_back(gather_segments(optimizer.state(i)));
  dist::all_or_none(context_.ranks, [&] {
    if (!store_) return;
    folder_->flush();
    state_.set_metrics_bytes(folder_->metrics_bytes());
    const auto& network = in_.network;
    auto make =
        [&network, names = optimizer.state_names(), states = std::move(states), best = best_,
         weights = std::vector<float>(step_.parameters().begin(), step_.parameters().end())] {
          std::vector<NamedBytes> files{{kWeights, to_safetensors(to_tensors(network, weights))}};
          std::vector<NamedTensor> tensors;
          for (std::size_t i = 0; i < names.size(); ++i) {
            std::vector<float> flat(states[i].size() / sizeof(float));
            std::memcpy(flat.data(), states[i].data(), states[i].size());
            for (auto& tensor : to_tensors(network, flat, names[i] + ".", true))
              tensors.push_back(std::move(tensor));
          }
          files.push_back({kOptimizer, to_safetensors(tensors)});
          if (!best.empty()) files.push_back({kBest, to_safetensors(to_tensors(network, best))});
          return files;
        };
    store_->save(state_, std::move(make));
  });
}

bool Trainer::resume() {
  std::optional<CheckpointStore::Loaded> loaded;
  dist::all_or_none(context_.ranks, [&] {
    if (!store_) return;
    std::vector<std::string> complaints;
    loaded = store_->load_newest(complaints);
    for (const auto& complaint : complaints) log::warning("{}", complaint);
    if (loaded)
      restore(*loaded);
    else
      folder_->truncate_metrics(0);
  });
  std::int64_t found[] = {loaded ? 1 : 0};
  context_.ranks.allreduce_max(found);
  if (found[0] == 0) return false;
  broadcast_restored();
  return true;
}

/// Driver only.
void Trainer::restore(const CheckpointStore::Loaded& loaded) {
  if (loaded.state.config_digest() != in_.config_digest) {
    throw ConfigError(fmt::format("{} is of another experiment: its config differs", loaded.folder),
                      {.file = loaded.folder},
                      "resume with the config.textproto of the run folder; only cluster, output "
                      "and folders of files may differ");
  }
  if (loaded.state.rows() != in_.train.rows) {
    throw DataError(fmt::format("the checkpoint was trained on {} rows, the data has {}",
                                loaded.state.rows(), in_.train.rows),
                    {.file = in_.train.name}, "give the same training data");
  }
  if (looks_ahead(in_.config.learning_rate_schedule()) && loaded.state.total_steps() != 0 &&
      loaded.state.total_steps() != total_steps_) {
    throw ConfigError(
        fmt::format("the learning rates of {} were made for {} steps, there are {} now",
                    loaded.folder, loaded.state.total_steps(), total_steps_),
        {.file = loaded.folder},
        "resume with the epochs and max_steps the run began with, or take a schedule that does not "
        "depend on them");
  }
  state_ = loaded.state;
  state_.clear_file();
  state_.set_total_steps(total_steps_);
  // A run that was over may have more epochs now.
  if (state_.step_in_epoch() == 0) state_.set_finished(!goes_on());
  const auto tensors_of = [&](const char* name) {
    return from_safetensors(loaded.files.at(name), join_path(loaded.folder, name));
  };
  from_tensors(in_.network, tensors_of(kWeights), step_.parameters(), loaded.folder);
  const auto states = tensors_of(kOptimizer);
  for (std::size_t i = 0; i < step_.optimizer().state_names().size(); ++i) {
    from_tensors(in_.network, states, step_.optimizer().state(i), loaded.folder,
                 step_.optimizer().state_names()[i] + ".", true);
  }
  if (state_.has_best()) {
    best_.assign(step_.parameters().size(), 0.0f);
    from_tensors(in_.network, tensors_of(kBest), best_, loaded.folder);
  }
  folder_->truncate_metrics(state_.metrics_bytes());
  log::info("resuming after step {} from {}", state_.step(), loaded.folder);
}

void Trainer::broadcast_restored() {
  std::string state = state_.SerializeAsString();
  context_.ranks.broadcast(state);
  state_.ParseFromString(state);
  context_.ranks.broadcast(std::as_writable_bytes(step_.parameters()));
  for (std::size_t i = 0; i < step_.optimizer().state_names().size(); ++i) {
    context_.ranks.broadcast(std::as_writable_bytes(step_.optimizer().state(i)));
  }
  if (state_.has_best()) {
    best_.resize(step_.parameters().size());
    context_.ranks.broadcast(std::as_writable_bytes(std::span(best_)));
  }
  step_.weights_changed();
}

}  // namespace lockstep::ml
