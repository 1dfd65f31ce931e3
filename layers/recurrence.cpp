#include "layers/recurrence.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "layers/build.hpp"
#include "layers/elementwise.hpp"

namespace lockstep::layers {
namespace {

// Gates of so many floats are computed at once: half of them fill a usual second-level cache.
constexpr std::size_t kChunkFloats = std::size_t{1} << 16;

onednn::Bf16* as_bf16(float* memory) { return reinterpret_cast<onednn::Bf16*>(memory); }
const onednn::Bf16* as_bf16(const float* memory) {
  return reinterpret_cast<const onednn::Bf16*>(memory);
}

}  // namespace

Recurrence::Recurrence(std::unique_ptr<const RecurrentCell> cell, std::size_t features)
    : cell_(std::move(cell)), features_(features) {
  Regions parameters, packed;
  parameters.take(cell_->width() * features_);
  recurrent_at_ = parameters.take(cell_->width() * units());
  bias_at_ = parameters.take(cell_->width());
  if (cell_->has_hidden_bias()) hidden_bias_at_ = parameters.take(cell_->width());
  parameter_floats_ = parameters.size();
  const bool bf16 = cell_->precision() == proto::BF16;
  const auto take = [&](std::size_t numbers) {
    return packed.take(bf16 ? (numbers + 1) / 2 : numbers);
  };
  packed_input_t_at_ = take(cell_->width() * features_);
  packed_recurrent_t_at_ = take(cell_->width() * units());
  if (bf16) {
    packed_input_at_ = take(cell_->width() * features_);
    packed_recurrent_at_ = take(cell_->width() * units());
  }
  packed_floats_ = packed.size();
}

std::vector<ParameterInfo> Recurrence::parameters(const std::string& suffix) const {
  const auto width = static_cast<std::int64_t>(cell_->width());
  ParameterInfo input;
  input.name = "weight_ih" + suffix;
  input.shape = {width, static_cast<std::int64_t>(features_)};
  input.storage = padded(cell_->width() * features_);
  input.initializer = proto::GLOROT_UNIFORM;
  input.fan_in = features_;
  input.fan_out = units();  // each gate is a matrix of its own
  ParameterInfo recurrent;
  recurrent.name = "weight_hh" + suffix;
  recurrent.shape = {width, static_cast<std::int64_t>(units())};
  recurrent.storage = padded(cell_->width() * units());
  recurrent.initializer = proto::UNIFORM;
  recurrent.scale = 1 / std::sqrt(static_cast<double>(units()));
  ParameterInfo bias;
  bias.name = (cell_->has_hidden_bias() ? "bias_ih" : "bias") + suffix;
  bias.shape = {width};
  bias.storage = padded(cell_->width());
  std::vector<ParameterInfo> all{input, recurrent, bias};
  if (cell_->has_hidden_bias()) {
    bias.name = "bias_hh" + suffix;
    all.push_back(bias);
  }
  return all;
}

void Recurrence::pack(const float* parameters, float* packed) const {
  const auto pack_matrix = [&](const float* from, std::size_t columns, std::size_t transposed_at,
                               std::size_t at) {
    const auto rows = cell_->width();
    if (cell_->precision() == proto::F32) {
      transpose(from, rows, columns, packed + transposed_at);
      return;
    }
    auto* rounded = as_bf16(packed + at);
    onednn::round_to_bf16(from, rows * columns, rounded);
    transpose(rounded, rows, columns, as_bf16(packed + transposed_at));
  };
  pack_matrix(parameters, features_, packed_input_t_at_, packed_input_at_);
  pack_matrix(parameters + recurrent_at_, units(), packed_recurrent_t_at_, packed_recurrent_at_);
}

std::size_t Recurrence::workspace_floats(std::size_t rows, std::size_t steps) const {
  Regions workspace;
  workspace.take(rows * steps * cell_->width());
  workspace.take(rows * (steps + 1) * units());
  if (cell_->has_memory()) workspace.take(rows * (steps + 1) * units());
  if (cell_->has_extra()) workspace.take(rows * steps * units());
  return workspace.size();
}

Recurrence::Memory Recurrence::memory_of(const RecurrencePass& pass) const {
  const auto rows = pass.steps->rows(), steps = pass.steps->steps();
  Regions workspace;
  Memory memory{};
  memory.gates = pass.workspace + workspace.take(rows * steps * cell_->width());
  memory.h = pass.workspace + workspace.take(rows * (steps + 1) * units());
  if (cell_->has_memory()) memory.c = pass.workspace + workspace.take(rows * (steps + 1) * units());
  if (cell_->has_extra()) memory.extra = pass.workspace + workspace.take(rows * steps * units());
  return memory;
}

double Recurrence::flops_of_step() const noexcept {
  return 2.0 * static_cast<double>(cell_->width()) * static_cast<double>(features_ + units());
}

Recurrence::Weights Recurrence::weights_of(const RecurrencePass& pass) const {
  const float* bias = pass.parameters + bias_at_;
  const float* hidden = cell_->has_hidden_bias() ? pass.parameters + hidden_bias_at_ : nullptr;
  const auto width = cell_->width();
  if (cell_->precision() == proto::F32) {
    return {{pass.parameters, features_},
            {pass.packed + packed_input_t_at_, width},
            {{pass.parameters + recurrent_at_, units()},
             {pass.packed + packed_recurrent_t_at_, width},
             bias,
             hidden}};
  }
  const auto packed = [&](std::size_t at, std::size_t stride) {
    return onednn::Factor(as_bf16(pass.packed + at), stride);
  };
  return {
      packed(packed_input_at_, features_),
      packed(packed_input_t_at_, width),
      {packed(packed_recurrent_at_, units()), packed(packed_recurrent_t_at_, width), bias, hidden}};
}

CellStep Recurrence::step_of(const RecurrencePass& pass, const Memory& memory,
                             std::size_t t) const {
  const auto& steps = *pass.steps;
  const auto first = steps.first(t);
  const auto now = (steps.rows() + first) * units();
  const auto before = t == 0 ? 0 : (steps.rows() + steps.first(t - 1)) * units();
  CellStep step{};
  step.rows = steps.active(t);
  step.from_zero = t == 0 && pass.h0 == nullptr;
  step.gates = memory.gates + first * cell_->width();
  step.h_before = memory.h + before;
  step.h = memory.h + now;
  if (memory.c != nullptr) {
    step.c_before = memory.c + before;
    step.c = memory.c + now;
  }
  if (memory.extra != nullptr) step.extra = memory.extra + first * units();
  return step;
}

std::size_t Recurrence::chunk_rows() const noexcept { return kChunkFloats / cell_->width(); }

// Steps [begin, end) are computed together: at least one.
std::size_t Recurrence::chunk_end(const PackedSteps& steps, std::size_t begin) const {
  std::size_t end = begin + 1;
  while (end < steps.steps() && steps.first(end + 1) - steps.first(begin) <= chunk_rows()) ++end;
  return end;
}

std::size_t Recurrence::chunk_begin(const PackedSteps& steps, std::size_t end) const {
  std::size_t begin = end - 1;
  while (begin > 0 && steps.first(end) - steps.first(begin - 1) <= chunk_rows()) --begin;
  return begin;
}

namespace {

// The states before the first step, in the order of the steps' rows.
void begin_with(const PackedSteps& steps, std::size_t units, const float* state, float* to) {
  if (state == nullptr) {
    std::fill_n(to, steps.rows() * units, 0.0f);
  } else {
    gather_rows(steps.rows_of(), steps.rows(), units, {state, units}, {to, units});
  }
}

}  // namespace

void Recurrence::forward(const RecurrencePass& pass) const {
  const auto& steps = *pass.steps;
  const auto memory = memory_of(pass);
  const auto weights = weights_of(pass);
  begin_with(steps, units(), pass.h0, memory.h);
  if (memory.c != nullptr) begin_with(steps, units(), pass.c0, memory.c);
  for (std::size_t begin = 0, end = 0; begin < steps.steps(); begin = end) {
    end = chunk_end(steps, begin);
    const auto first = steps.first(begin);
    onednn::multiply({steps.first(end) - first, cell_->width(), features_},
                     {pass.x + first * features_, features_}, weights.input_transposed,
                     {memory.gates + first * cell_->width(), cell_->width()}, cell_->precision());
    for (auto t = begin; t < end && steps.active(t) > 0; ++t)
      cell_->forward(step_of(pass, memory, t), weights.cell);
  }
}

const float* Recurrence::states(const RecurrencePass& pass) const {
  return memory_of(pass).h + pass.steps->rows() * units();
}

void Recurrence::copy_last(const RecurrencePass& pass, const float* states,
                           RowsOf<float> to) const {
  const auto& steps = *pass.steps;
  for (std::size_t i = 0; i < steps.rows(); ++i) {
    const auto length = steps.length(i);
    const auto at = length == 0 ? i : steps.rows() + steps.first(length - 1) + i;
    std::copy_n(states + at * units(), units(), to.data + steps.row(i) * to.stride);
  }
}

void Recurrence::copy_last_states(const RecurrencePass& pass, RowsOf<float> to) const {
  copy_last(pass, memory_of(pass).h, to);
}

void Recurrence::copy_last_memories(const RecurrencePass& pass, RowsOf<float> to) const {
  expects(cell_->has_memory(), "only some cells have a memory beside their state");
  copy_last(pass, memory_of(pass).c, to);
}

}  // namespace lockstep::layers
