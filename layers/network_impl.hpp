#pragma once
/// What Network and Worker share.

#include <utility>

#include "layers/losses.hpp"
#include "layers/network.hpp"
#include "layers/program.hpp"

namespace lockstep::layers {

struct Network::Impl {
  Shape input;
  Blueprint blueprint;  // as trained: without a final softmax or sigmoid that the loss contains
  std::unique_ptr<const Program> reference;  // for lane_size rows
  std::unique_ptr<const Loss> loss;
  std::vector<LayerSummary> summary;
  std::vector<Parameter> parameters;
  std::size_t parameter_floats = 0, parameter_count = 0;
  std::map<std::size_t, StartRows> starts;  // by parameter

  /// The steps a lane computes, where rows of ids end early: those of its longest row, rounded up
  /// to a multiple of this; 0: the network needs all steps.
  std::size_t length_bucket = 0;

  std::mutex mutex;  // guards: programs for other numbers of rows or steps
  std::map<std::pair<std::size_t, std::int64_t>, std::unique_ptr<const Program>> variants;

  /// Compiles on first use. Thread-safe; what it returns lives as long as the network. `steps`:
  /// of the input's first dimension.
  const Program& program(std::size_t rows, std::int64_t steps);
  const Program& program(std::size_t rows) { return program(rows, input[0]); }
  bool works_with(std::int64_t steps);
  void summarize(const Sequential& all, int count, const Sequential::Configs& configs);
  void list_parameters();
};

}  // namespace lockstep::layers
