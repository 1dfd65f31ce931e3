// The way back through time: layers/recurrence.hpp.
#include <algorithm>

#include "core/error.hpp"
#include "layers/build.hpp"
#include "layers/elementwise.hpp"
#include "layers/recurrence.hpp"

namespace lockstep::layers {

struct Recurrence::Backward {
  const RecurrencePass& pass;
  const RecurrenceGradients& gradients;
  const PackedSteps& steps;
  Memory memory;
  Weights weights;
  float *dh, *dc, *spare;  // [N, H] of the step's rows, longest first
  float* chunk_states;     // [chunk, H]
  double *gate_sums, *extra_sums;
};

namespace {

// Where the parts of the scratch memory begin.
struct Scratch {
  std::size_t dh, dc, spare, chunk_states, gate_sums, extra_sums, floats;
};

Scratch scratch_of(const RecurrentCell& cell, std::size_t rows, std::size_t chunk_rows) {
  Regions regions;
  Scratch scratch{};
  for (auto* at : {&scratch.dh, &scratch.dc, &scratch.spare})
    *at = regions.take(rows * cell.units());
  scratch.chunk_states = regions.take(std::max(rows, chunk_rows) * cell.units());
  scratch.gate_sums = regions.take(2 * cell.width());  // doubles
  scratch.extra_sums = regions.take(2 * cell.units());
  scratch.floats = regions.size();
  return scratch;
}

double* doubles(float* memory) { return reinterpret_cast<double*>(memory); }

// The gradient of the last states, in the order of the steps' rows.
void begin_with(const PackedSteps& steps, std::size_t units, RowsOf<const float> gradient,
                float* to) {
  if (gradient.data == nullptr) {
    std::fill_n(to, steps.rows() * units, 0.0f);
  } else {
    gather_rows(steps.rows_of(), steps.rows(), units, gradient, {to, units});
  }
}

}  // namespace

std::size_t Recurrence::scratch_floats(std::size_t rows) const {
  return scratch_of(*cell_, rows, chunk_rows()).floats;
}

void Recurrence::backward(const RecurrencePass& pass, const RecurrenceGradients& gradients) const {
  const auto& steps = *pass.steps;
  const auto n = steps.rows(), h = units();
  const auto at = scratch_of(*cell_, n, chunk_rows());
  float* scratch = pass.scratch;
  const Backward run{pass,
                     gradients,
                     steps,
                     memory_of(pass),
                     weights_of(pass),
                     scratch + at.dh,
                     scratch + at.dc,
                     scratch + at.spare,
                     scratch + at.chunk_states,
                     doubles(scratch + at.gate_sums),
                     doubles(scratch + at.extra_sums)};
  begin_with(steps, h, gradients.dh_last, run.dh);
  begin_with(steps, h, gradients.dc_last, run.dc);
  std::fill_n(run.gate_sums, cell_->width(), 0.0);
  std::fill_n(run.extra_sums, h, 0.0);
  std::size_t end = steps.steps();
  while (end > 0 && steps.active(end - 1) == 0) --end;
  if (end == 0 && !gradients.add) std::fill_n(gradients.parameters, parameter_floats_, 0.0f);
  for (const auto last = end; end > 0;) {
    const auto begin = chunk_begin(steps, end);
    backward_steps(run, begin, end);
    backward_products(run, begin, end, gradients.add || end < last);
    end = begin;
  }
  write_bias_gradients(run);
  if (gradients.dh0 != nullptr)
    scatter_rows(steps.rows_of(), n, h, {run.dh, h}, {gradients.dh0, h});
  if (gradients.dc0 != nullptr)
    scatter_rows(steps.rows_of(), n, h, {run.dc, h}, {gradients.dc0, h});
}

void Recurrence::backward_steps(const Backward& run, std::size_t begin, std::size_t end) const {
  for (auto t = end; t-- > begin;) {
    if (run.gradients.dh != nullptr) {
      const float* dh = run.gradients.dh + run.steps.first(t) * units();
      add(run.dh, dh, run.dh, run.steps.active(t) * units());
    }
    const bool wanted = t > 0 || run.gradients.dh0 != nullptr;
    cell_->backward(step_of(run.pass, run.memory, t), run.weights.cell,
                    {run.dh, run.dc, run.spare, wanted});
  }
}

// What the gates' gradients of steps [begin, end) bring to the input and to the parameters.
void Recurrence::backward_products(const Backward& run, std::size_t begin, std::size_t end,
                                   bool add) const {
  const auto first = run.steps.first(begin), count = run.steps.first(end) - first;
  const auto width = cell_->width();
  const auto& g = run.gradients;
  const float* gates = run.memory.gates + first * width;
  const float* extra = run.memory.extra != nullptr ? run.memory.extra + first * units() : nullptr;
  if (g.dx != nullptr) {
    onednn::multiply({count, features_, width}, {gates, width}, run.weights.input,
                     {g.dx + first * features_, features_}, cell_->precision());
  }
  onednn::multiply({width, features_, count}, {gates, width, true},
                   {run.pass.x + first * features_, features_}, {g.parameters, features_, add},
                   cell_->precision());
  cell_->recurrent_gradient({count, gates, extra, states_before(run, begin, end)},
                            g.parameters + recurrent_at_, add);
  add_column_sums(gates, count, width, run.gate_sums);
  if (cell_->has_hidden_bias()) add_column_sums(extra, count, units(), run.extra_sums);
}

// The state before each of the steps [begin, end), row for row. Where no row ends they lie
// together.
const float* Recurrence::states_before(const Backward& run, std::size_t begin,
                                       std::size_t end) const {
  const auto& steps = run.steps;
  const auto before = [&](std::size_t t) {
    return run.memory.h + (t == 0 ? 0 : (steps.rows() + steps.first(t - 1)) * units());
  };
  const auto rows_before = begin == 0 ? steps.rows() : steps.active(begin - 1);
  if (rows_before == steps.active(end - 1)) return before(begin);
  float* to = run.chunk_states;
  for (auto t = begin; t < end; ++t) to = std::copy_n(before(t), steps.active(t) * units(), to);
  return run.chunk_states;
}

void Recurrence::write_bias_gradients(const Backward& run) const {
  const bool add = run.gradients.add;
  const auto write = [&](const double* sums, std::size_t count, float* to) {
    for (std::size_t j = 0; j < count; ++j)
      to[j] = (add ? to[j] : 0.0f) + static_cast<float>(sums[j]);
  };
  const auto width = cell_->width(), last = width - units();
  write(run.gate_sums, width, run.gradients.parameters + bias_at_);
  if (!cell_->has_hidden_bias()) return;
  float* hidden = run.gradients.parameters + hidden_bias_at_;
  write(run.gate_sums, last, hidden);
  write(run.extra_sums, units(), hidden + last);
}

}  // namespace lockstep::layers
