#include <algorithm>
#include <cstring>

#include "core/error.hpp"
#include "layers/beam_search.hpp"
#include "layers/network_impl.hpp"

namespace lockstep::layers {

struct Worker::Impl {
  Network::Impl& network;
  const Program* program = nullptr;  // of the last input() or pass
  Buffer<float> arena;
  double penalty = 0;  // the layers' own loss in the last pass

  explicit Impl(Network::Impl& n) : network(n) {}

  std::vector<std::int32_t> lengths;  // of the input's rows, where they are trimmed
  std::unique_ptr<BeamSearch> writer;
  const Layer* written_by = nullptr;  // the model of `writer`

  void use(std::size_t rows);
  void trim(const Pass& pass);
  Lane lane_of(const Pass& pass, bool training);
  LaneResult judge(const Pass& pass, float* dlogits);
  LaneResult judge_weighted(const Pass& pass, float* dlogits);
  std::span<const float> logits() const;
  void copy_tap(const Lane& whole);
};

// Lays the arena out for so many rows. A larger arena is a new one: its input must be filled again.
void Worker::Impl::use(std::size_t rows) {
  expects(rows > 0, "a lane has at least one row");
  program = &network.program(rows);
  if (arena.size() < program->arena_floats) arena = Buffer<float>(program->arena_floats);
}

// Where rows of a lane end early: moves them together and takes the program for the steps of the
// longest one.
void Worker::Impl::trim(const Pass& pass) {
  if (network.length_bucket == 0) return;
  const auto& shape = program->shape;
  const auto steps = static_cast<std::size_t>(shape[0]), width = shape.size() / steps;
  lengths.resize(program->rows);
  Lane lane;
  lane.rows = program->rows;
  float* x = arena.data() + program->input;
  lane.x = x;
  program->layers->layer(0).output_lengths(lane, lengths.data());
  const auto longest = static_cast<std::size_t>(*std::max_element(lengths.begin(), lengths.end()));
  const std::size_t bucket = network.length_bucket;
  const std::size_t needed = std::max<std::size_t>(1, (longest + bucket - 1) / bucket) * bucket;
  if (needed >= steps) return;
  for (std::size_t n = 1; n < pass.rows; ++n)
    std::memmove(x + n * needed * width, x + n * steps * width, needed * width * sizeof(float));
  program = &network.program(pass.rows, static_cast<std::int64_t>(needed));
  expects(program->arena_floats <= arena.size(), "fewer steps need no more memory");
}

Lane Worker::Impl::lane_of(const Pass& pass, bool training) {
  expects(program != nullptr && program->rows == pass.rows,
          "input(rows) comes before a pass over those rows");
  expects(pass.parameters.size() == network.parameter_floats &&
              pass.packed.size() == network.reference->layers->packed_floats(),
          "a pass gets the whole flat vector and its packed form");
  trim(pass);
  Lane lane;
  lane.training = training;
  lane.seed = pass.seed;
  lane.step = pass.step;
  lane.row_ids = pass.row_ids;
  lane.rows = pass.rows;
  lane.labels = pass.labels;
  lane.timeline = pass.timeline;
  lane.x = arena.data() + program->input;
  lane.y = arena.data() + program->logits;
  lane.parameters = pass.parameters.data();
  lane.packed = pass.packed.data();
  lane.workspace = arena.data() + program->workspace;
  lane.scratch = arena.data() + program->scratch;
  return lane;
}

std::span<const float> Worker::Impl::logits() const {
  return {arena.data() + program->logits, program->layers->output().floats};
}

void Worker::Impl::copy_tap(const Lane& whole) {
  if (!program->tap) return;
  Lane lane;
  lane.rows = program->rows;
  lane.x = program->layers->output_of(*network.blueprint.outline.tap, whole);
  lane.y = arena.data() + program->tapped;
  lane.scratch = whole.scratch;
  program->tap->forward(lane);
}

LaneResult Worker::Impl::judge(const Pass& pass, float* dlogits) {
  expects(pass.labels.size() == pass.rows * network.loss->labels_per_row(),
          "there are labels for each row of the pass");
  if (!pass.weights.empty()) return judge_weighted(pass, dlogits);
  LaneResult result = network.loss->evaluate(logits(), pass.labels, dlogits);
  result.row_weight = static_cast<double>(pass.rows);
  return result;
}

// Row by row: what the loss says of a row counts by its weight.
LaneResult Worker::Impl::judge_weighted(const Pass& pass, float* dlogits) {
  expects(pass.weights.size() == pass.rows && network.loss->task() != Task::Sequence,
          "each row of a pass has a weight; texts have none");
  const std::size_t width = logits().size() / pass.rows, labels = pass.labels.size() / pass.rows;
  LaneResult result;
  for (std::size_t row = 0; row < pass.rows; ++row) {
    float* const gradient = dlogits == nullptr ? nullptr : dlogits + row * width;
    const double weight = pass.weights[row];
    const LaneResult one = network.loss->evaluate(
        logits().subspan(row * width, width), pass.labels.subspan(row * labels, labels), gradient);
    result.loss += weight * one.loss;
    result.weight += weight * one.weight;
    result.correct += weight * one.correct;
    result.row_weight += weight;
    for (std::size_t k = 0; gradient != nullptr && k < width; ++k)
      gradient[k] = static_cast<float>(weight * gradient[k]);
  }
  return result;
}

Worker::Worker(const Network& network) : impl_(std::make_unique<Impl>(*network.impl_)) {}
Worker::~Worker() = default;

std::span<float> Worker::input(std::size_t rows) {
  impl_->use(rows);
  return {impl_->arena.data() + impl_->program->input, rows * impl_->network.input.size()};
}

LaneResult Worker::train(const Pass& pass, std::span<float> gradients,
                         const GradientProgress& progress, TouchedRows* touched) {
  auto& w = *impl_;
  expects(gradients.size() == w.network.parameter_floats, "train gets room for every gradient");
  w.penalty = 0;
  Lane lane = w.lane_of(pass, /*training=*/true);
  lane.penalty = &w.penalty;
  w.program->layers->forward(lane);
  lane.dy = w.arena.data() + w.program->dlogits;
  lane.gradients = gradients.data();
  lane.all_gradients = gradients.data();
  lane.touched = touched;
  LaneResult result;
  {
    const SpanScope span(pass.timeline, Phase::Loss);
    result = w.judge(pass, lane.dy);
  }
  result.loss += w.penalty;
  w.program->layers->backward(lane, progress);
  if (progress) progress(gradients.size());
  return result;
}

LaneResult Worker::evaluate(const Pass& pass) {
  impl_->penalty = 0;
  predict(pass);
  LaneResult result = impl_->judge(pass, nullptr);
  result.loss += impl_->penalty;
  return result;
}

std::span<const float> Worker::outputs() const noexcept {
  const auto& w = *impl_;
  if (w.program == nullptr) return {};
  return {w.arena.data() + w.program->outputs, w.program->layers->output().floats};
}

void Worker::predict(const Pass& pass) {
  auto& w = *impl_;
  Lane lane = w.lane_of(pass, /*training=*/false);
  lane.penalty = &w.penalty;
  w.program->layers->forward(lane);
  w.network.loss->present(w.logits(), w.arena.data() + w.program->outputs);
  w.copy_tap(lane);
}

std::vector<WrittenText> Worker::write(const Pass& pass, const WritingOptions& options) {
  auto& w = *impl_;
  expects(w.network.loss->task() == Task::Sequence, "only a network for texts writes");
  Pass unlabelled = pass;
  unlabelled.labels = {};
  Lane lane = w.lane_of(unlabelled, /*training=*/false);
  const auto& layers = *w.program->layers;
  layers.forward(lane);
  const auto& last = layers.layer(layers.size() - 1);
  if (w.written_by != &last || w.writer->options() != options) {
    w.writer = std::make_unique<BeamSearch>(dynamic_cast<const EncoderDecoder&>(last),
                                            w.program->rows, options);
    w.written_by = &last;
  }
  return w.writer->run(layers.lane_of(layers.size() - 1, lane));
}

std::span<const float> Worker::tap() const noexcept {
  const auto& w = *impl_;
  if (w.program == nullptr || !w.program->tap) return {};
  return {w.arena.data() + w.program->tapped, w.program->tap->output().floats};
}

}  // namespace lockstep::layers
