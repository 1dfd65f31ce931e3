#include "layers/program.hpp"

namespace lockstep::layers {

Program::Program(const Sequential::Configs& configs, const Shape& input_shape, std::size_t rows_,
                 const std::string& at, const Program* reference)
    : rows(rows_), shape(input_shape) {
  std::uint64_t counter = 0;
  Build build;
  build.rows = static_cast<std::int64_t>(rows);
  build.input_gradient = false;
  build.field = at;
  build.counter = &counter;
  build.reference = reference != nullptr ? reference->layers.get() : nullptr;
  const TensorSpec spec{shape, nullptr, rows * shape.size()};
  layers = std::make_unique<const Sequential>(configs, spec, build, /*flatten=*/true);

  Regions arena;
  const auto output = layers->output().floats;
  input = arena.take(spec.floats);
  logits = arena.take(output);
  dlogits = arena.take(output);
  outputs = arena.take(output);
  workspace = arena.take(layers->workspace_floats());
  scratch = arena.take(layers->scratch_floats());
  arena_floats = arena.size();
}

}  // namespace lockstep::layers
