#include "ml/model.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/config.hpp"
#include "core/error.hpp"

namespace lockstep::ml {
namespace {

constexpr const char* kPipeline = "pipeline.textproto";
constexpr const char* kWeights = "weights.safetensors";
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

proto::SavedColumn::Kind number_kind(data::ColumnType::Format format) {
  switch (format) {
    case data::ColumnType::Format::Integer:
      return proto::SavedColumn::INTEGER;
    case data::ColumnType::Format::Boolean:
      return proto::SavedColumn::BOOLEAN;
    case data::ColumnType::Format::Double:
      break;
  }
  return proto::SavedColumn::NUMBER;
}

std::string shape_text(const std::vector<std::int64_t>& shape) { return to_string(Shape(shape)); }

}  // namespace

std::vector<NamedTensor> to_tensors(const layers::Network& network, std::span<const float> flat,
                                    const std::string& prefix, bool weights_only) {
  std::vector<NamedTensor> tensors;
  for (const auto* parameter : in_layer_order(network, weights_only)) {
    NamedTensor tensor{prefix + parameter->info.name, parameter->info.shape,
                       std::vector<float>(plain_size(parameter->info))};
    network.to_plain(*parameter, flat, tensor.values);
    tensors.push_back(std::move(tensor));
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
    network.from_plain(*parameter, found->values, flat);
  }
}

std::string weights_file(const layers::Network& network, std::span<const float> parameters) {
  return to_safetensors(to_tensors(network, parameters), {{"format", "lockstep"}});
}

void save_model(Files& files, const std::string& path, proto::Pipeline pipeline,
                const layers::Network& network, std::span<const float> parameters,
                const std::vector<NamedBytes>& earlier) {
  const std::string weights = weights_file(network, parameters);
  pipeline.set_lockstep_version(LOCKSTEP_VERSION);
  pipeline.set_weights_checksum(checksum(weights));
  for (const auto& [name, bytes] : earlier) {
    auto* file = pipeline.add_earlier_weights();
    file->set_name(name);
    file->set_bytes(bytes.size());
    file->set_checksum(checksum(bytes));
  }
  auto all = earlier;
  all.push_back({kPipeline, to_text(pipeline)});
  all.push_back({kWeights, weights});
  write_folder_atomically(files, path, all);
}

namespace {

/// The bytes of a file of weights. @throws FileError
std::string read_weights(const Files& files, const std::string& path,
                         const std::string& expected_checksum) {
  std::string weights = files.read(path);
  if (checksum(weights) == expected_checksum) return weights;
  throw FileError(
      fmt::format("{} does not match its checksum: it is damaged or cut short ({} bytes)", path,
                  weights.size()),
      {.file = path}, "copy the model again, or train it again");
}

}  // namespace

ModelFiles read_model(const Files& files, const std::string& path) {
  ModelFiles model;
  model.path = path;
  const std::string inside = join_path(path, "model");
  for (const auto& candidate : {path, inside, aside_of(path), aside_of(inside)}) {
    if (!files.exists(join_path(candidate, kPipeline))) continue;
    model.path = candidate;
    break;
  }
  const std::string pipeline = join_path(model.path, kPipeline);
  if (!files.exists(pipeline)) {
    throw FileError(fmt::format("{} is not a model: it has no {}", path, kPipeline), {.file = path},
                    "give a run folder or its model/ folder");
  }
  if (!from_text(files.read(pipeline), model.pipeline)) {
    throw FileError(fmt::format("{} is damaged or of another version", pipeline),
                    {.file = pipeline}, "train the model again");
  }
  model.weights =
      read_weights(files, join_path(model.path, kWeights), model.pipeline.weights_checksum());
  for (const auto& file : model.pipeline.earlier_weights()) {
    model.earlier_weights.push_back(
        read_weights(files, join_path(model.path, file.name()), file.checksum()));
  }
  return model;
}

void save_schema(const data::Schema& schema, proto::Pipeline& pipeline) {
  for (const auto& [name, type] : schema.columns()) {
    auto* column = pipeline.add_input();
    column->set_name(name);
    switch (type.kind) {
      case data::ColumnType::Kind::Number:
        column->set_kind(number_kind(type.format));
        break;
      case data::ColumnType::Kind::String:
        column->set_kind(proto::SavedColumn::STRING);
        break;
      case data::ColumnType::Kind::Tokens:
        column->set_kind(proto::SavedColumn::TOKENS);
        break;
      case data::ColumnType::Kind::Vector:
        column->set_kind(proto::SavedColumn::VECTOR);
        break;
      case data::ColumnType::Kind::Image:
        column->set_kind(proto::SavedColumn::IMAGE);
        break;
    }
    for (const auto d : type.shape.dims()) column->add_shape(d);
  }
}

data::Schema load_schema(const proto::Pipeline& pipeline) {
  data::Schema schema;
  for (const auto& column : pipeline.input()) {
    data::ColumnType type;
    switch (column.kind()) {
      case proto::SavedColumn::NUMBER:
        type.kind = data::ColumnType::Kind::Number;
        break;
      case proto::SavedColumn::INTEGER:
        type.kind = data::ColumnType::Kind::Number;
        type.format = data::ColumnType::Format::Integer;
        break;
      case proto::SavedColumn::BOOLEAN:
        type.kind = data::ColumnType::Kind::Number;
        type.format = data::ColumnType::Format::Boolean;
        break;
      case proto::SavedColumn::STRING:
        type.kind = data::ColumnType::Kind::String;
        break;
      case proto::SavedColumn::TOKENS:
        type.kind = data::ColumnType::Kind::Tokens;
        break;
      case proto::SavedColumn::VECTOR:
        type.kind = data::ColumnType::Kind::Vector;
        break;
      case proto::SavedColumn::IMAGE:
        type.kind = data::ColumnType::Kind::Image;
        break;
    }
    type.shape = Shape(std::vector<std::int64_t>(column.shape().begin(), column.shape().end()));
    schema.add(column.name(), type);
  }
  return schema;
}

}  // namespace lockstep::ml
