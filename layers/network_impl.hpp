#pragma once
/// What Network and Worker share.

#include "layers/losses.hpp"
#include "layers/network.hpp"
#include "layers/program.hpp"

namespace lockstep::layers {

struct Network::Impl {
  Shape input;
  std::string at;  // config path of the layer list
  Sequential::Configs
      layers;  // as trained: without a final softmax or sigmoid that the loss contains
  std::unique_ptr<const Program> reference;  // for lane_size rows
  std::unique_ptr<const Loss> loss;
  std::vector<LayerSummary> summary;
  std::vector<Parameter> parameters;
  std::size_t parameter_floats = 0, parameter_count = 0;

  std::mutex mutex;                                                // guards:
  std::map<std::size_t, std::unique_ptr<const Program>> variants;  // for other numbers of rows

  /// Compiles on first use. Thread-safe; what it returns lives as long as the network.
  const Program& program(std::size_t rows);
  void summarize(const Sequential& all, int count, const Sequential::Configs& configs);
  void list_parameters();
};

}  // namespace lockstep::layers
