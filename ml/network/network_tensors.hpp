#pragma once
/// A network's flat vector as named tensors, and what is said of a network. Local.

#include <span>
#include <string>
#include <vector>

#include "layers/network.hpp"
#include "ml/pipeline/description.hpp"
#include "ml/pipeline/safetensors.hpp"

namespace lockstep::ml {

/// The parameters of a flat vector as named, plain tensors, first layer first; `prefix` goes before
/// each name. `weights_only` leaves running statistics out (optimizer state has none).
std::vector<NamedTensor> to_tensors(const layers::Network& network, std::span<const float> flat,
                                    const std::string& prefix = {}, bool weights_only = false);

/// The way back. @throws FileError naming `path` and the tensor that is missing or has another
/// shape.
void from_tensors(const layers::Network& network, const std::vector<NamedTensor>& tensors,
                  std::span<float> flat, const std::string& path, const std::string& prefix = {},
                  bool weights_only = false);

/// Input, loss, number of parameters, and a table of the layers.
Description describe_network(const layers::Network& network);

}  // namespace lockstep::ml
