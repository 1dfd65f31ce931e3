#include "layers/program.hpp"

#include <algorithm>

#include "layers/flatten.hpp"

namespace lockstep::layers {

Program::Program(const Blueprint& blueprint, const Shape& input_shape, std::size_t rows_,
                 const Program* reference)
    : rows(rows_), shape(input_shape) {
  const auto& outline = blueprint.outline;
  std::uint64_t counter = 0;
  Build build;
  build.rows = static_cast<std::int64_t>(rows);
  build.input_gradient = false;
  build.field = blueprint.at;
  if (!outline.fields.empty()) build.fields = &outline.fields;
  build.counter = &counter;
  build.precision = blueprint.precision;
  build.reference = reference != nullptr ? reference->layers.get() : nullptr;
  const TensorSpec spec{shape, nullptr, rows * shape.size()};
  layers = std::make_unique<const Sequential>(blueprint.layers, spec, build, /*flatten=*/true);

  build.fields = nullptr;
  if (outline.tap)
    tap = std::make_unique<const Flatten>(layers->layer(*outline.tap).output(), build);

  Regions arena;
  const auto output = layers->output().floats;
  input = arena.take(spec.floats);
  logits = arena.take(output);
  dlogits = arena.take(output);
  outputs = arena.take(output);
  workspace = arena.take(layers->workspace_floats());
  scratch = arena.take(std::max(layers->scratch_floats(), tap ? tap->scratch_floats() : 0));
  tapped = arena.take(tap ? tap->output().floats : 0);
  arena_floats = arena.size();
}

}  // namespace lockstep::layers
