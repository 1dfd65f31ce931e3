#pragma once
/// Running a trained network over a dataset: what comes out, lane by lane, and the loss as a job.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "data/dataset.hpp"
#include "layers/network.hpp"
#include "ml/context.hpp"
#include "ml/network/lane_rows.hpp"
#include "ml/network/loss_sums.hpp"

namespace lockstep::ml {

/// Some rows of one partition, with what the network makes of them.
struct ScoredRows {
  std::size_t first = 0, rows = 0;  ///< of the partition
  std::span<const float> outputs;   ///< [rows, outputs]; none of a network that writes texts
  std::span<const float> targets;   ///< [rows, labels], as the loss compares them; empty: none
  std::span<const float> tap;       ///< [rows, tap_size]
  /// Where there are targets, and no label is missing.
  std::optional<layers::LaneResult> sums;
  std::span<const layers::WrittenText> texts;  ///< [rows], where they were asked for
};

/// A network with its weights, ready to compute on this rank's threads. Keeps a worker for each
/// thread in use.
class Scorer {
 public:
  /// The spans must outlive the scorer; their values may change between calls. `scale` is that of
  /// the targets.
  Scorer(const layers::Network& network, std::span<const float> parameters,
         std::span<const float> packed, std::size_t lane_size, TargetScale scale = {});

  /// Calls use(rows) for each chunk of lane_size rows of the partition, in order. Thread-safe. Of a
  /// network that writes texts, these are written if `writing` is given. A function of the
  /// partition and the weights alone. @throws DataError
  using Use = std::function<void(const ScoredRows& scored)>;
  void score(const data::Partition& partition, const LaneColumns& columns, const Use& use,
             const layers::WritingOptions* writing = nullptr) const;

  const layers::Network& network() const noexcept { return network_; }

 private:
  struct Chunk;
  std::unique_ptr<layers::Worker> borrow() const;
  void gather(const data::Partition& partition, const LaneColumns& columns, layers::Worker& worker,
              Chunk& chunk) const;

  const layers::Network& network_;
  std::span<const float> parameters_, packed_;
  std::size_t lane_size_;
  TargetScale scale_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<layers::Worker>> idle_;
};

/// COLLECTIVE. Loss and accuracy over all rows, the same on every rank. @throws AgreedError
LossSums loss_over(const Context& context, const Scorer& scorer, const data::Dataset& dataset,
                   const LaneColumns& columns);

}  // namespace lockstep::ml
