#include "ml/network/sparse_blocks.hpp"

#include <algorithm>

namespace lockstep::ml {
namespace {

const layers::Parameter& parameter_at(const layers::Network& network, const RowBlock& block) {
  return *std::find_if(network.parameters().begin(), network.parameters().end(),
                       [&](const layers::Parameter& parameter) {
                         return parameter.offset == block.begin &&
                                parameter.info.touched_by_row > 0;
                       });
}

}  // namespace

std::vector<dist::SparseBlock> sparse_blocks(const layers::Network& network,
                                             const Optimizer& optimizer,
                                             const dist::ExchangeOptions& options,
                                             const dist::Communicator& ranks) {
  const bool by_all = options.gather == dist::RowGather::Sums ||
                      (options.gather == dist::RowGather::Automatic && ranks.hosts() > 1);
  std::vector<dist::SparseBlock> blocks;
  for (const RowBlock& block : network.row_blocks()) {
    const bool learns =
        parameter_at(network, block).info.kind == layers::ParameterInfo::Kind::Weight;
    blocks.push_back({block, !learns || optimizer.leaves_still() || by_all});
  }
  return blocks;
}

double most_floats_sent(const layers::Network& network,
                        const std::vector<dist::SparseBlock>& blocks, std::size_t rows,
                        std::size_t ranks) {
  double floats = 0;
  for (const auto& [block, gather_sums] : blocks) {
    const auto& info = parameter_at(network, block).info;
    const bool learns = info.kind == layers::ParameterInfo::Kind::Weight;
    const std::size_t touched = learns ? std::min(block.rows, rows * info.touched_by_row) : 0;
    const auto all = static_cast<double>(block.rows * block.width);
    const double sums = std::min(
        all, static_cast<double>(touched * block.width) + static_cast<double>(block.rows) / 32);
    floats += sums + (gather_sums ? sums : all);
  }
  return floats * static_cast<double>(ranks - 1) / static_cast<double>(ranks);
}

}  // namespace lockstep::ml
