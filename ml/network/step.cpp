#include "ml/network/step.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/simd.hpp"
#include "dist/session.hpp"
#include "ml/network/sparse_blocks.hpp"

namespace lockstep::ml {
namespace {

using Kind = layers::ParameterInfo::Kind;

LOCKSTEP_SIMD void add_to(float* sum, const float* term, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sum[i] += term[i];
}

/// running = (1 - momentum) running + momentum sum / rows
LOCKSTEP_SIMD void move_average(float* running, const float* sums, std::size_t n, float momentum,
                                float share) {
  for (std::size_t i = 0; i < n; ++i)
    running[i] = (1 - momentum) * running[i] + momentum * (sums[i] * share);
}

/// Sum of squares in eight interleaved sums, so that it vectorises without reassociation.
LOCKSTEP_SIMD double square_sum(const float* x, std::size_t n) {
  double parts[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t k = 0; k < 8; ++k)
      parts[k] += static_cast<double>(x[i + k]) * static_cast<double>(x[i + k]);
  }
  for (; i < n; ++i) parts[i & 7] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return ((parts[0] + parts[1]) + (parts[2] + parts[3])) +
         ((parts[4] + parts[5]) + (parts[6] + parts[7]));
}

bool all_zero(const TouchedRows& touched, std::size_t begin, std::size_t end) {
  bool any = false;
  touched.for_each(begin, end, [&](std::size_t, std::size_t, std::size_t) { any = true; });
  return !any;
}

}  // namespace

TrainingStep::TrainingStep(const Context& context, const proto::Network& config,
                           const layers::Network& network, const data::Dataset& dataset,
                           const LaneColumns& columns, const StepPlan& plan,
                           const dist::ExchangeOptions& exchange,
                           const data::Augmentation* augmentation, const TargetScale& scale)
    : context_(context),
      config_(config),
      network_(network),
      dataset_(dataset),
      columns_(columns),
      plan_(plan),
      pages_(dataset),
      optimizer_(make_optimizer(config.optimizer(), network.parameter_floats())),
      exchange_(std::make_unique<dist::GradientExchange>(
          context.ranks, plan.lanes, network.parameter_floats(), context.threads.size(),
          context.dedicated_driver(), exchange,
          sparse_blocks(network, *optimizer_, exchange, context.ranks))),
      parameters_(exchange_->values()),
      packed_(network.packed_floats()),
      threads_(context.threads.size()) {
  list_regions();
  const auto own = exchange_->own_lanes();
  lane_sums_.resize(own.end - own.begin);
  const std::size_t label_width = network.labels_per_row();
  for (std::size_t t = 0; t < threads_.size(); ++t) {
    const auto lanes = exchange_->thread_lanes(t);
    for (std::size_t lane = lanes.begin; lane < lanes.end; ++lane) {
      threads_[t].lanes.emplace_back(
          dataset, plan, lane, context.seed,
          LaneRows::Options{config.shuffle(), augmentation,
                            config.bucket_by_length() ? columns.input : std::string(), scale});
    }
    threads_[t].row_ids.resize(plan.lane_size);
    threads_[t].labels.resize(plan.lane_size * label_width);
    if (!columns.weight.empty()) threads_[t].weights.resize(plan.lane_size);
    if (plan.accumulate > 1 && lanes.begin < lanes.end)
      threads_[t].accumulated = Buffer<float>(network.parameter_floats());
    threads_[t].accumulated_rows = TouchedRows(exchange_->touched().blocks());
  }
  network.initialize(context.seed, parameters_);
  weights_changed();
}

void TrainingStep::list_regions() {
  for (const auto& parameter : network_.parameters()) {
    const std::size_t end = parameter.offset + parameter.info.storage;
    if (!regions_.empty() && regions_.back().kind == parameter.info.kind &&
        regions_.back().momentum == parameter.info.momentum) {
      regions_.back().end = end;
    } else {
      regions_.push_back({parameter.offset, end, parameter.info.kind, parameter.info.momentum});
    }
  }
  for (Region region : regions_) {
    for (const auto& [block, gather_sums] : exchange_->blocks()) {
      if (!gather_sums || block.begin < region.begin || block.begin >= region.end) continue;
      Region part = region;
      part.end = block.begin;
      updates_.push_back({part, false});
      part.begin = block.begin, part.end = block.end();
      updates_.push_back({part, true});
      region.begin = block.end();
    }
    updates_.push_back({region, false});
  }
}

void TrainingStep::record(std::vector<Timeline>* timelines) {
  for (std::size_t t = 0; t < threads_.size(); ++t)
    threads_[t].timeline = timelines != nullptr ? &timelines->at(t) : nullptr;
}

void TrainingStep::weights_changed() {
  const SpanScope span(threads_[0].timeline, Phase::Pack);
  const std::size_t parts = context_.threads.size();
  context_.threads.run(
      [&](std::size_t part) { network_.pack(parameters_, packed_.span(), part, parts); });
}

StepSums TrainingStep::run(const StepInput& terms) {
  const SpanScope whole(threads_[0].timeline, Phase::Step);
  const double start = clock_seconds();
  exchange_->begin();
  compute(terms);
  const double computed = clock_seconds();
  const StepSums result = reduce(terms);
  const double reduced = clock_seconds();
  const UpdateTerms update = update_own(terms, result.sums);
  const double updated = clock_seconds();
  {
    const SpanScope span(threads_[0].timeline, Phase::Gather);
    exchange_->allgather();
  }
  const double gathered = clock_seconds();
  {
    const SpanScope span(threads_[0].timeline, Phase::Optimizer);
    update_everywhere(update);
  }
  weights_changed();
  seconds_.compute += computed - start;
  seconds_.exchange += (reduced - computed) + (gathered - updated);
  seconds_.optimizer += (updated - reduced) + (clock_seconds() - gathered);
  return result;
}

// Sums of gradients and losses over all lanes.
StepSums TrainingStep::reduce(const StepInput& terms) {
  const SpanScope span(threads_[0].timeline, Phase::Exchange);
  const StepSums result = sum_scalars(terms);
  exchange_->reduce();
  refuse_bad_loss(terms, result.sums);
  return result;
}

void TrainingStep::compute(const StepInput& terms) {
  const bool new_epoch = terms.epoch != epoch_;
  epoch_ = terms.epoch;
  double done = 0;  // thread 0
  context_.threads.run([&](std::size_t t) {
    Thread& own = threads_[t];
    if (!own.lanes.empty() && !own.worker) own.worker = std::make_unique<layers::Worker>(network_);
    const double before = layers::primitive_seconds();
    for (auto& lane : own.lanes) {
      if (new_epoch) lane.start_epoch(terms.epoch);
      lane_sums_[lane.lane() - exchange_->own_lanes().begin] = compute_lane(t, lane, terms);
    }
    own.primitives = layers::primitive_seconds() - before;
    if (t == 0) done = clock_seconds();
  });
  if (auto* const timeline = threads_[0].timeline) {
    context_.ranks.barrier();
    timeline->push_back({Phase::Waiting, 0, done, clock_seconds(), 0});
  }
  double primitives = 0;
  for (const auto& own : threads_) primitives += own.primitives;
  seconds_.primitives += primitives / static_cast<double>(threads_.size());
}

LossSums TrainingStep::compute_lane(std::size_t thread, LaneRows& lane, const StepInput& terms) {
  Thread& own = threads_[thread];
  const auto gradients = exchange_->lane_gradients(thread, lane.lane());
  const LaneMemory memory{gradients, exchange_->lane_rows(thread, lane.lane())};
  LossSums sums;
  bool written = false, ended = false;
  const auto ready = [&](std::size_t floats) {
    if (ended) return;
    const SpanScope span(own.timeline, Phase::Sums);
    exchange_->ready(thread, lane.lane(), floats);
    ended = floats == gradients.size();
  };
  for (std::uint64_t offset = 0; offset < terms.batches; ++offset) {
    const std::size_t rows = lane.rows_of_batch(terms.batch + offset);
    if (rows == 0) continue;
    const bool alone = terms.batches == 1;
    if (written) own.accumulated_rows.clear(own.accumulated.data());
    const auto result =
        compute_batch(own, lane, terms, offset,
                      written ? LaneMemory{own.accumulated.span(), own.accumulated_rows} : memory,
                      alone ? layers::GradientProgress(ready) : layers::GradientProgress());
    if (written) add_accumulated(own, memory);
    written = true;
    sums.add(result, rows);
  }
  if (!written) {  // blocks are zero already
    memory.rows.for_each(0, gradients.size(), [&](std::size_t begin, std::size_t end, std::size_t) {
      std::fill(gradients.data() + begin, gradients.data() + end, 0.0f);
    });
  }
  ready(gradients.size());
  return sums;
}

void TrainingStep::add_accumulated(Thread& own, const LaneMemory& memory) {
  const std::size_t floats = memory.gradients.size();
  memory.rows.add(own.accumulated_rows, 0, floats);
  memory.rows.for_each(0, floats, [&](std::size_t begin, std::size_t end, std::size_t) {
    add_to(memory.gradients.data() + begin, own.accumulated.data() + begin, end - begin);
  });
}

layers::LaneResult TrainingStep::compute_batch(Thread& own, LaneRows& lane, const StepInput& terms,
                                               std::uint64_t offset, const LaneMemory& memory,
                                               const layers::GradientProgress& progress) {
  const std::size_t rows = lane.rows_of_batch(terms.batch + offset);
  const std::size_t label_width = own.labels.size() / plan_.lane_size;
  const auto labels = std::span(own.labels).first(rows * label_width);
  const auto row_ids = std::span(own.row_ids).first(rows);
  const auto weights = std::span(own.weights).first(columns_.weight.empty() ? 0 : rows);
  {
    const SpanScope span(own.timeline, Phase::Input);
    lane.gather(terms.batch + offset, columns_, {own.worker->input(rows), labels, weights, row_ids},
                &pages_);
  }
  layers::Worker::Pass pass;
  pass.timeline = own.timeline;
  pass.rows = rows;
  pass.row_ids = row_ids;
  pass.labels = labels;
  pass.weights = weights;
  pass.seed = context_.seed;
  pass.step = terms.sequence + offset;
  pass.parameters = parameters_;
  pass.packed = packed_.span();
  return own.worker->train(pass, memory.gradients, progress, &memory.rows);
}

StepSums TrainingStep::sum_scalars(const StepInput& terms) {
  constexpr std::uint32_t kStop = 1, kCheckpoint = 2;
  std::vector<std::vector<double>> values;
  for (const auto& lane : lane_sums_)
    values.push_back({lane.loss, lane.weight, lane.correct, lane.row_weight, lane.rows});
  const auto [sums, flags] =
      exchange_->scalars(values, (terms.stop ? kStop : 0) | (terms.checkpoint ? kCheckpoint : 0));
  return {{sums.at(0), sums.at(1), sums.at(2), sums.at(3), sums.at(4)},
          (flags & kStop) != 0,
          (flags & kCheckpoint) != 0};
}

void TrainingStep::refuse_bad_loss(const StepInput& terms, const LossSums& sums) {
  if (std::isfinite(sums.loss)) return;
  dist::all_or_none(context_.ranks, [&] {
    for (auto& own : threads_) {
      for (auto& lane : own.lanes) {
        const auto& lane_sums = lane_sums_[lane.lane() - exchange_->own_lanes().begin];
        if (std::isfinite(lane_sums.loss)) continue;
        std::vector<std::uint64_t> rows;
        for (std::uint64_t offset = 0; offset < terms.batches; ++offset) {
          own.row_ids.resize(lane.rows_of_batch(terms.batch + offset));
          lane.gather(terms.batch + offset, {}, {{}, {}, {}, own.row_ids});
          for (const auto id : own.row_ids) rows.push_back(id + 1);
        }
        throw NumericError(
            fmt::format(
                "the loss is {} at step {} (epoch {}) in lane {}; its rows, counted from 1: {}",
                lane_sums.loss, terms.step, terms.epoch, lane.lane(), fmt::join(rows, " ")),
            {.file = dataset_.name},
            "a smaller learning rate, gradient_clip, or scaled features usually help; look at "
            "these rows");
      }
    }
  });
  throw AgreedError(fmt::format("the sum of the losses is {} at step {}", sums.loss, terms.step),
                    {}, "use a smaller learning rate", ExitCode::Numeric);
}

double TrainingStep::gradient_scale(const LossSums& sums) {
  const double scale = sums.weight > 0 ? 1 / sums.weight : 0;
  if (!config_.gradient_clip().has_norm()) return scale;
  const auto gradients = exchange_->gradients();
  const double squares = exchange_->block_sum([&](std::size_t begin, std::size_t end) {
    double sum = 0;
    for (const auto& region : regions_) {
      const std::size_t from = std::max(begin, region.begin), to = std::min(end, region.end);
      if (from < to && region.kind == Kind::Weight && !all_zero(exchange_->touched(), from, to))
        sum += square_sum(gradients.data() + from, to - from);
    }
    return sum;
  });
  const double norm = scale * std::sqrt(squares);
  return norm > config_.gradient_clip().norm() ? scale * (config_.gradient_clip().norm() / norm)
                                               : scale;
}

UpdateTerms TrainingStep::update_own(const StepInput& terms, const LossSums& sums) {
  const SpanScope span(threads_[0].timeline, Phase::Optimizer);
  const UpdateTerms update{terms.learning_rate, terms.step, gradient_scale(sums),
                           config_.gradient_clip().value()};
  update_pieces(exchange_->segments(), false, update, sums.rows);
  return update;
}

// Of blocks whose sums all ranks have.
void TrainingStep::update_everywhere(const UpdateTerms& update) {
  std::vector<dist::Segment> stretches;
  for (const auto& [block, gather_sums] : exchange_->blocks()) {
    if (!gather_sums) continue;
    if (!optimizer_->leaves_still()) {
      stretches.push_back({block.begin, block.end()});
      continue;
    }
    exchange_->touched().for_each(block.begin, block.end(),
                                  [&](std::size_t begin, std::size_t end, std::size_t) {
                                    stretches.push_back({begin, end});
                                  });
  }
  update_pieces(stretches, true, update, 0);
}

void TrainingStep::update_pieces(const std::vector<dist::Segment>& stretches, bool everywhere,
                                 const UpdateTerms& update, double rows) {
  constexpr std::size_t kPiece = 1 << 15;  // floats a thread takes at a time
  std::vector<dist::Segment> pieces;
  for (const auto& stretch : stretches) {
    for (std::size_t begin = stretch.begin; begin < stretch.end; begin += kPiece)
      pieces.push_back({begin, std::min(begin + kPiece, stretch.end)});
  }
  if (pieces.empty()) return;
  context_.threads.for_each(pieces.size(), [&](std::size_t, std::size_t i) {
    update_piece(pieces[i], everywhere, update, rows);
  });
}

void TrainingStep::update_piece(const dist::Segment& piece, bool everywhere,
                                const UpdateTerms& update, double rows) {
  const auto gradients = exchange_->gradients();
  for (const auto& [region, by_all] : updates_) {
    const std::size_t from = std::max(piece.begin, region.begin),
                      to = std::min(piece.end, region.end);
    if (from >= to || by_all != everywhere) continue;
    if (region.kind == Kind::Weight) {
      optimizer_->update(parameters_, gradients, from, to, update);
    } else if (region.kind == Kind::Statistic) {
      move_average(parameters_.data() + from, gradients.data() + from, to - from,
                   static_cast<float>(region.momentum),
                   rows > 0 ? static_cast<float>(1 / rows) : 0.0f);
    }
  }
}

}  // namespace lockstep::ml
