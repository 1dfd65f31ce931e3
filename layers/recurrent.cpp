#include "layers/recurrent.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "core/random.hpp"
#include "layers/elementwise.hpp"
#include "layers/recurrent_kernels.hpp"

namespace lockstep::layers {

namespace {

void check(const RecurrentOptions& options, const TensorSpec& input, const Build& build) {
  if (options.units == 0) throw config_error(build, "units", "a layer needs at least one unit");
  if (input.shape.rank() > 2) {
    throw config_error(
        build, "",
        "a recurrent layer reads steps of features, not an image of " + to_string(input.shape),
        "put layer { flatten { } } or a reshape before it");
  }
  if (options.dropout > 0 && options.num_layers == 1) {
    throw config_error(build, "dropout", "dropout acts between stacked layers, and there is one",
                       "set num_layers, or put layer { dropout { } } behind it");
  }
}

}  // namespace

Recurrent::Recurrent(const RecurrentOptions& options, const TensorSpec& input, const Build& build) {
  check(options, input, build);
  const bool steps_given = input.shape.rank() == 2;
  auto made = std::make_unique<Kernels>();
  auto& k = *made;
  k.rows = static_cast<std::size_t>(build.rows);
  k.steps = steps_given ? static_cast<std::size_t>(input.shape[0]) : 1;
  k.units = options.units;
  k.both = options.bidirectional;
  k.sequence = options.return_sequences;
  k.in_place = !input.masked && (k.steps == 1 || k.rows == 1);
  k.drops = options.dropout > 0;
  k.rate = DropoutRate(options.dropout);
  Regions parameters, packed;
  std::size_t features = input.shape.size() / k.steps;
  for (std::size_t l = 0; l < options.num_layers; ++l) {
    Level level;
    level.features = features;
    if (k.drops && l > 0) level.number = (*build.counter)++;
    for (const char* suffix : {"", "_reverse"}) {
      if (*suffix != '\0' && !k.both) continue;
      Recurrence recurrence(options.make_cell(build.precision), features);
      for (auto& info : recurrence.parameters("_l" + std::to_string(l) + suffix))
        parameters_.push_back(std::move(info));
      flops_ += static_cast<double>(k.steps) * recurrence.flops_of_step();
      const auto at = parameters.take(recurrence.parameter_floats());
      const auto packed_at = packed.take(recurrence.packed_floats());
      level.directions.push_back({std::move(recurrence), at, packed_at});
    }
    k.levels.push_back(std::move(level));
    features = k.width();
  }
  Regions workspace, scratch;
  k.place_workspace(workspace);
  k.place_scratch(scratch, build.input_gradient);
  packed_floats_ = packed.size();
  workspace_floats_ = workspace.size();
  scratch_floats_ = scratch.size();
  const auto units = static_cast<std::int64_t>(k.width());
  output_.shape = k.sequence ? Shape{static_cast<std::int64_t>(k.steps), units} : Shape{units};
  output_.floats = k.rows * output_.shape.size();
  output_.masked = k.sequence && input.masked;
  kernels_ = std::move(made);
}

Recurrent::~Recurrent() = default;

void Recurrent::Kernels::place_workspace(Regions& workspace) {
  steps_at = workspace.take(PackedSteps::memory_floats(rows, steps));
  for (std::size_t l = 0; l < levels.size(); ++l) {
    auto& level = levels[l];
    for (std::size_t d = 0; d < level.directions.size(); ++d) {
      auto& direction = level.directions[d];
      if (copies_input(l, d)) direction.x_at = workspace.take(rows * steps * level.features);
      direction.workspace_at = workspace.take(direction.recurrence.workspace_floats(rows, steps));
    }
    if (drops && l > 0) level.mask_at = workspace.take(rows * steps * level.features);
  }
}

void Recurrent::Kernels::place_scratch(Regions& scratch, bool input_gradient) {
  const std::size_t all = rows * steps;
  for (auto& at : output_gradient_at)
    if (levels.size() > 1) at = scratch.take(all * width());
  if (both || sequence) state_gradient_at = scratch.take(all * units);
  if (input_gradient) first_gradient_at = scratch.take(all * levels[0].features);
  std::size_t widest = 0, most = 0;
  for (const auto& level : levels) {
    widest = std::max(widest, level.features);
    most = std::max(most, level.directions[0].recurrence.scratch_floats(rows));
  }
  if (both) second_gradient_at = scratch.take(all * widest);
  recurrence_at = scratch.take(most);
}

void Recurrent::pack(const float* parameters, float* packed) const {
  for (const auto& level : kernels_->levels)
    for (const auto& d : level.directions)
      d.recurrence.pack(parameters + d.parameters_at, packed + d.packed_at);
}

// Else the input is read where it is: x itself, or the states of the level below.
bool Recurrent::Kernels::copies_input(std::size_t level, std::size_t direction) const {
  if (level == 0) return !in_place || (direction == 1 && steps > 1);
  return both || drops;
}

const float* Recurrent::Kernels::input(std::size_t level, std::size_t direction,
                                       const Lane& lane) const {
  if (copies_input(level, direction))
    return lane.workspace + levels[level].directions[direction].x_at;
  if (level == 0) return lane.x;
  const auto& below = levels[level - 1].directions[0];
  const auto packed = packed_steps(lane);
  RecurrencePass pass;
  pass.steps = &packed;
  pass.workspace = lane.workspace + below.workspace_at;
  return below.recurrence.states(pass);
}

RecurrencePass Recurrent::Kernels::pass(std::size_t level, std::size_t direction, const Lane& lane,
                                        const PackedSteps& packed) const {
  const auto& d = levels[level].directions[direction];
  RecurrencePass pass;
  pass.steps = &packed;
  pass.parameters = lane.parameters + d.parameters_at;
  pass.packed = lane.packed + d.packed_at;
  pass.x = input(level, direction, lane);
  pass.workspace = lane.workspace + d.workspace_at;
  pass.scratch = lane.scratch + recurrence_at;
  if (lane.states != nullptr && lane.states->h0 != nullptr) {
    expects(!both, "a recurrence in both directions begins with zeros");
    pass.h0 = lane.states->h0 + state_at(level, direction);
    if (d.recurrence.cell().has_memory()) pass.c0 = lane.states->c0 + state_at(level, direction);
  }
  return pass;
}

void Recurrent::Kernels::bring_input(const Lane& lane, const PackedSteps& packed) const {
  const auto features = levels[0].features;
  for (std::size_t d = 0; d < levels[0].directions.size(); ++d) {
    if (!copies_input(0, d)) continue;
    gather_rows(d == 0 ? packed.places() : packed.reversed_places(), packed.size(), features,
                {lane.x, features}, {lane.workspace + levels[0].directions[d].x_at, features});
  }
}

// The states below side by side, in the order of each direction.
void Recurrent::Kernels::join_states(std::size_t level, const Lane& lane,
                                     const PackedSteps& packed) const {
  if (!copies_input(level, 0)) return;
  const auto& own = levels[level];
  const auto& below = levels[level - 1];
  float* x = lane.workspace + own.directions[0].x_at;
  for (std::size_t d = 0; d < below.directions.size(); ++d) {
    const float* states = below.directions[d].recurrence.states(pass(level - 1, d, lane, packed));
    gather_rows(d == 0 ? nullptr : packed.mirror(), packed.size(), units, {states, units},
                {x + d * units, own.features});
  }
  if (drops && lane.training) drop(own, lane, packed);
  if (!both) return;
  gather_rows(packed.mirror(), packed.size(), own.features, {x, own.features},
              {lane.workspace + own.directions[1].x_at, own.features});
}

void Recurrent::Kernels::drop(const Level& level, const Lane& lane,
                              const PackedSteps& packed) const {
  expects(lane.row_ids.size() == rows, "dropout knows the identity of each row");
  const Random random(lane.seed, Purpose::Dropout, stream_of(lane.step, level.number));
  float* mask = lane.workspace + level.mask_at;
  for (std::size_t p = 0; p < packed.size(); ++p) {
    const auto place = static_cast<std::size_t>(packed.places()[p]);
    const std::uint64_t step = (lane.row_ids[place / steps] << 20) + place % steps;
    draw_mask(random, step * level.features, level.features, rate, mask + p * level.features);
  }
  float* x = lane.workspace + level.directions[0].x_at;
  multiply(x, mask, x, packed.size() * level.features);
}

void Recurrent::Kernels::write_output(const Lane& lane, const PackedSteps& packed) const {
  const auto top = levels.size() - 1;
  for (std::size_t d = 0; d < levels[top].directions.size(); ++d) {
    const auto& recurrence = levels[top].directions[d].recurrence;
    const auto run = pass(top, d, lane, packed);
    const RowsOf<float> to{lane.y + d * units, width()};
    if (sequence) {
      scatter_rows(d == 0 ? packed.places() : packed.reversed_places(), packed.size(), units,
                   {recurrence.states(run), units}, to);
    } else {
      recurrence.copy_last_states(run, to);
    }
  }
}

void Recurrent::Kernels::write_last_states(const Lane& lane, const PackedSteps& packed) const {
  if (lane.states == nullptr || lane.states->h == nullptr) return;
  for (std::size_t l = 0; l < levels.size(); ++l) {
    for (std::size_t d = 0; d < levels[l].directions.size(); ++d) {
      const auto& recurrence = levels[l].directions[d].recurrence;
      const auto run = pass(l, d, lane, packed);
      recurrence.copy_last_states(run, {lane.states->h + state_at(l, d), width()});
      if (recurrence.cell().has_memory())
        recurrence.copy_last_memories(run, {lane.states->c + state_at(l, d), width()});
    }
  }
}

void Recurrent::forward(Lane& lane) const {
  const auto& k = *kernels_;
  auto packed = k.packed_steps(lane);
  packed.arrange(lane.lengths);
  k.bring_input(lane, packed);
  for (std::size_t l = 0; l < k.levels.size(); ++l) {
    if (l > 0) k.join_states(l, lane, packed);
    for (std::size_t d = 0; d < k.levels[l].directions.size(); ++d)
      k.levels[l].directions[d].recurrence.forward(k.pass(l, d, lane, packed));
  }
  k.write_output(lane, packed);
  k.write_last_states(lane, packed);
}

}  // namespace lockstep::layers
