#include "ml/network/network_tensors.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"

namespace lockstep::ml {
namespace {

using Kind = layers::ParameterInfo::Kind;

/// The parameters in the order of the layers: the flat vector holds the last layer first.
std::vector<const layers::Parameter*> in_layer_order(const layers::Network& network,
                                                     bool weights_only) {
  std::vector<const layers::Parameter*> order;
  for (const auto& parameter : network.parameters()) {
    if (!weights_only || parameter.info.kind == Kind::Weight) order.push_back(&parameter);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->layer < b->layer; });
  return order;
}

std::size_t plain_size(const layers::ParameterInfo& info) {
  std::size_t size = 1;
  for (const auto d : info.shape) size *= static_cast<std::size_t>(d);
  return size;
}

std::string shape_text(const std::vector<std::int64_t>& shape) { return to_string(Shape(shape)); }

}  // namespace

std::vector<NamedTensor> to_tensors(const layers::Network& network, std::span<const float> flat,
                                    const std::string& prefix, bool weights_only) {
  std::vector<NamedTensor> tensors;
  for (const auto* parameter : in_layer_order(network, weights_only)) {
    std::vector<float> values(plain_size(parameter->info));
    network.to_plain(*parameter, flat, values);
    tensors.push_back({prefix + parameter->info.name, parameter->info.shape, std::move(values)});
  }
  return tensors;
}

void from_tensors(const layers::Network& network, const std::vector<NamedTensor>& tensors,
                  std::span<float> flat, const std::string& path, const std::string& prefix,
                  bool weights_only) {
  for (const auto* parameter : in_layer_order(network, weights_only)) {
    const std::string name = prefix + parameter->info.name;
    const auto found = std::find_if(tensors.begin(), tensors.end(),
                                    [&](const auto& tensor) { return tensor.name == name; });
    if (found == tensors.end())
      throw FileError(fmt::format("{} has no tensor '{}'", path, name), {.file = path},
                      "is it of this network?");
    if (found->shape != parameter->info.shape) {
      throw FileError(fmt::format("tensor '{}' of {} is {}, the network needs {}", name, path,
                                  shape_text(found->shape), shape_text(parameter->info.shape)),
                      {.file = path}, "is it of this network?");
    }
    const auto* values = std::get_if<std::vector<float>>(&found->values);
    if (values == nullptr)
      throw FileError(fmt::format("tensor '{}' of {} does not hold f32 numbers", name, path),
                      {.file = path}, "is it of this network?");
    network.from_plain(*parameter, *values, flat);
  }
}

Description describe_network(const layers::Network& network) {
  Description description;
  description.fact("input", to_string(network.input()));
  description.fact("loss", network.loss_name());
  description.fact("parameters", std::uint64_t{network.parameter_count()});
  Description::Table layers{"layers", {"name", "kind", "output", "parameters"}, {}};
  for (const auto& layer : network.summary())
    layers.rows.push_back(
        {layer.name, layer.kind, to_string(layer.output), std::uint64_t{layer.parameters}});
  description.tables.push_back(std::move(layers));
  return description;
}

}  // namespace lockstep::ml
