#include "core/error.hpp"
#include "layers/network_impl.hpp"

namespace lockstep::layers {

struct Worker::Impl {
  Network::Impl& network;
  const Program* program = nullptr;  // of the last input() or pass
  Buffer<float> arena;

  explicit Impl(Network::Impl& n) : network(n) {}

  void use(std::size_t rows);
  Lane lane_of(const Pass& pass, bool training);
  LaneResult judge(const Pass& pass, float* dlogits);
  std::span<const float> logits() const;
};

// Lays the arena out for so many rows. A larger arena is a new one: its input must be filled again.
void Worker::Impl::use(std::size_t rows) {
  expects(rows > 0, "a lane has at least one row");
  program = &network.program(rows);
  if (arena.size() < program->arena_floats) arena = Buffer<float>(program->arena_floats);
}

Lane Worker::Impl::lane_of(const Pass& pass, bool training) {
  expects(program != nullptr && program->rows == pass.rows,
          "input(rows) comes before a pass over those rows");
  expects(pass.parameters.size() == network.parameter_floats &&
              pass.packed.size() == network.reference->layers->packed_floats(),
          "a pass gets the whole flat vector and its packed form");
  Lane lane;
  lane.training = training;
  lane.seed = pass.seed;
  lane.step = pass.step;
  lane.row_ids = pass.row_ids;
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

LaneResult Worker::Impl::judge(const Pass& pass, float* dlogits) {
  expects(pass.labels.size() == pass.rows * network.loss->labels_per_row(),
          "there are labels for each row of the pass");
  return network.loss->evaluate(logits(), pass.labels, dlogits);
}

Worker::Worker(const Network& network) : impl_(std::make_unique<Impl>(*network.impl_)) {}
Worker::~Worker() = default;

std::span<float> Worker::input(std::size_t rows) {
  impl_->use(rows);
  return {impl_->arena.data() + impl_->program->input, rows * impl_->network.input.size()};
}

LaneResult Worker::train(const Pass& pass, std::span<float> gradients,
                         const GradientProgress& progress) {
  auto& w = *impl_;
  expects(gradients.size() == w.network.parameter_floats, "train gets room for every gradient");
  Lane lane = w.lane_of(pass, /*training=*/true);
  w.program->layers->forward(lane);
  lane.dy = w.arena.data() + w.program->dlogits;
  lane.gradients = gradients.data();
  const LaneResult result = w.judge(pass, lane.dy);
  w.program->layers->backward(lane, progress);
  if (progress) progress(gradients.size());
  return result;
}

LaneResult Worker::evaluate(const Pass& pass) {
  predict(pass);
  return impl_->judge(pass, nullptr);
}

std::span<const float> Worker::outputs() const noexcept {
  const auto& w = *impl_;
  if (w.program == nullptr) return {};
  return {w.arena.data() + w.program->outputs, w.program->layers->output().floats};
}

void Worker::predict(const Pass& pass) {
  auto& w = *impl_;
  Lane lane = w.lane_of(pass, /*training=*/false);
  w.program->layers->forward(lane);
  w.network.loss->present(w.logits(), w.arena.data() + w.program->outputs);
}

}  // namespace lockstep::layers
