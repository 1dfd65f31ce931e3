#pragma once
/// Which weights a step sums and sends as touched rows (docs/decisions/0013). Local, MPI-free, the
/// same on every rank.

#include <vector>

#include "dist/exchange.hpp"
#include "layers/network.hpp"
#include "ml/network/optimizer.hpp"

namespace lockstep::ml {

/// The blocks of the network. What comes back of one after a step: the sums of its touched rows
/// where the optimizer leaves all other rows as they are, or where every rank shall make all values
/// itself (`options`, `ranks`); else the values.
std::vector<dist::SparseBlock> sparse_blocks(const layers::Network& network,
                                             const Optimizer& optimizer,
                                             const dist::ExchangeOptions& options,
                                             const dist::Communicator& ranks);

/// How many floats a rank sends of the blocks in a step of `rows` rows in all, at most.
double most_floats_sent(const layers::Network& network,
                        const std::vector<dist::SparseBlock>& blocks, std::size_t rows,
                        std::size_t ranks);

}  // namespace lockstep::ml
