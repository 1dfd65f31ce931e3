#pragma once
/// One training step on all ranks: lanes forward and backward, gradients summed along the tree, the
/// optimizer on the rank's own segments, weights to everybody.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "core/timeline.hpp"
#include "data/dataset.hpp"
#include "data/storage/mapped_pages.hpp"
#include "dist/exchange.hpp"
#include "layers/network.hpp"
#include "ml/context.hpp"
#include "ml/network/lane_rows.hpp"
#include "ml/network/loss_sums.hpp"
#include "ml/network/optimizer.hpp"

namespace lockstep::ml {

/// What a step is told.
struct StepInput {
  std::uint64_t epoch = 0;
  std::uint64_t batch = 0;     ///< first batch of the step in its epoch
  std::uint64_t batches = 1;   ///< how many are accumulated
  std::uint64_t sequence = 0;  ///< number of that batch over the whole run: the key of dropout
  std::uint64_t step = 0;      ///< optimizer steps before this one
  double learning_rate = 0;
  bool stop = false;        ///< this rank asks to stop after the step
  bool checkpoint = false;  ///< this rank asks for a checkpoint after the step
};

/// What came of it, the same on every rank.
struct StepSums {
  LossSums sums;
  bool stop = false, checkpoint = false;
};

/// Seconds this rank has spent since the start, by phase.
struct StepSeconds {
  double compute = 0;     ///< gather, forward, backward, of the slowest thread
  double primitives = 0;  ///< thereof inside oneDNN primitives, mean over threads
  double exchange = 0;    ///< reduce-scatter, scalars, allgather, waiting for others included
  double optimizer = 0;   ///< update and repacking
};

class TrainingStep {
 public:
  /// COLLECTIVE. `dataset` must be partitioned as partition_blocks(plan) says. `augmentation`
  /// changes the images of columns.input, or is null; `scale` is that of the targets.
  TrainingStep(const Context& context, const proto::Network& config, const layers::Network& network,
               const data::Dataset& dataset, const LaneColumns& columns, const StepPlan& plan,
               const dist::ExchangeOptions& exchange,
               const data::Augmentation* augmentation = nullptr, const TargetScale& scale = {});

  /// COLLECTIVE. @throws NumericError (as AgreedError) with the step and the rows of the lane if
  /// the loss is not finite.
  StepSums run(const StepInput& terms);

  /// Flat vectors. Parameters may be changed from outside where all ranks have met since the last
  /// step; then call weights_changed().
  std::span<float> parameters() noexcept { return exchange_->values(); }
  std::span<const float> packed() const noexcept { return packed_.span(); }
  void weights_changed();

  Optimizer& optimizer() noexcept { return *optimizer_; }
  dist::GradientExchange& exchange() noexcept { return *exchange_; }
  const StepSeconds& seconds() const noexcept { return seconds_; }

  /// COLLECTIVE. From here on each thread's spans go to its own of `timelines`, one a thread; null:
  /// to none. A recorded step waits for all ranks behind its backward pass, so that waiting can be
  /// told from exchanging.
  void record(std::vector<Timeline>* timelines);

 private:
  /// A run of the flat vector whose numbers are updated in the same way.
  struct Region {
    std::size_t begin, end;
    layers::ParameterInfo::Kind kind;
    double momentum;
  };
  /// The same, as far as the optimizer goes: of the owners alone, or of every rank.
  struct Update {
    Region region;
    bool everywhere;
  };
  struct Thread {
    std::unique_ptr<layers::Worker> worker;
    std::vector<LaneRows> lanes;
    std::vector<std::uint64_t> row_ids;
    std::vector<float> labels, weights;
    Buffer<float> accumulated;  // gradient of a further batch, where batches are accumulated
    TouchedRows accumulated_rows;
    double primitives = 0;
    Timeline* timeline = nullptr;  // null: nobody asks
  };

  /// Where the gradient of a lane goes. Of blocks only the touched `rows` are written.
  struct LaneMemory {
    std::span<float> gradients;
    TouchedRows& rows;
  };

  void list_regions();
  void compute(const StepInput& terms);
  LossSums compute_lane(std::size_t thread, LaneRows& lane, const StepInput& terms);
  layers::LaneResult compute_batch(Thread& own, LaneRows& lane, const StepInput& terms,
                                   std::uint64_t offset, const LaneMemory& memory,
                                   const layers::GradientProgress& progress);
  void add_accumulated(Thread& own, const LaneMemory& memory);
  StepSums reduce(const StepInput& terms);
  StepSums sum_scalars(const StepInput& terms);
  void refuse_bad_loss(const StepInput& terms, const LossSums& sums);
  double gradient_scale(const LossSums& sums);
  UpdateTerms update_own(const StepInput& terms, const LossSums& sums);
  void update_everywhere(const UpdateTerms& update);
  void update_pieces(const std::vector<dist::Segment>& stretches, bool everywhere,
                     const UpdateTerms& update, double rows);
  void update_piece(const dist::Segment& piece, bool everywhere, const UpdateTerms& update,
                    double rows);

  const Context& context_;
  const proto::Network& config_;
  const layers::Network& network_;
  const data::Dataset& dataset_;
  LaneColumns columns_;
  StepPlan plan_;
  data::MappedPages pages_;  // of the dataset
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<dist::GradientExchange> exchange_;
  std::span<float> parameters_;  // the exchange's values
  Buffer<float> packed_;
  std::vector<Region> regions_;
  std::vector<Update> updates_;  // regions_, cut where blocks are updated everywhere
  std::vector<Thread> threads_;
  std::vector<LossSums> lane_sums_;  // of the own lanes
  std::uint64_t epoch_ = ~std::uint64_t{0};
  StepSeconds seconds_;
};

}  // namespace lockstep::ml
