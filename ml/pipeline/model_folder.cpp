#include "ml/pipeline/model_folder.hpp"

#include <fmt/format.h>

#include "core/config.hpp"
#include "core/error.hpp"
#include "core/seal.hpp"

namespace lockstep::ml {
namespace {

constexpr const char* kPipeline = "pipeline.textproto";
constexpr const char* kWeights = "weights.safetensors";

proto::SavedColumn::Kind number_kind(data::ColumnType::Format format) {
  switch (format) {
    case data::ColumnType::Format::Integer:
      return proto::SavedColumn::INTEGER;
    case data::ColumnType::Format::Boolean:
      return proto::SavedColumn::BOOLEAN;
    case data::ColumnType::Format::Double:
    case data::ColumnType::Format::Float:
      break;
  }
  return proto::SavedColumn::NUMBER;
}

}  // namespace

std::vector<NamedBytes> save_stages(const Pipeline& pipeline, proto::Pipeline& saved) {
  std::vector<NamedBytes> files;
  const auto& stages = pipeline.stages().stages();
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const auto* estimator = dynamic_cast<const EstimatorStage*>(stages[i].get());
    if (estimator == nullptr) {
      *saved.add_stage() = stages[i]->save();
      continue;
    }
    auto model = estimator->model().save();
    *saved.add_stage() = std::move(model.stage);
    const bool judged = i == pipeline.judged().position;
    std::string bytes = to_safetensors(model.tensors, {{"format", "lockstep"}});
    auto* file = saved.add_tensors();
    file->set_stage(static_cast<std::uint32_t>(i));
    file->set_name(judged ? kWeights : place_name(i) + ".safetensors");
    file->set_bytes(bytes.size());
    file->set_checksum(checksum(bytes));
    files.push_back({file->name(), std::move(bytes)});
  }
  return files;
}

void save_model(Files& files, const std::string& path, proto::Pipeline saved,
                const Pipeline& pipeline) {
  saved.set_lockstep_version(LOCKSTEP_VERSION);
  auto all = save_stages(pipeline, saved);
  all.push_back({kPipeline, seal(to_text(saved))});
  write_folder_atomically(files, path, all);
}

namespace {

/// The bytes of a file of tensors. @throws FileError
std::string read_tensors(const Files& files, const std::string& path,
                         const std::string& expected_checksum) {
  std::string bytes = files.read(path);
  if (checksum(bytes) == expected_checksum) return bytes;
  throw FileError(
      fmt::format("{} does not match its checksum: it is damaged or cut short ({} bytes)", path,
                  bytes.size()),
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
  const auto text = unseal(files.read(pipeline));
  if (!text || !from_text(*text, model.pipeline)) {
    throw FileError(fmt::format("{} is damaged, was edited, or is of another version", pipeline),
                    {.file = pipeline}, "copy the model again, or train it again");
  }
  for (const auto& file : model.pipeline.tensors())
    model.tensors.push_back(
        read_tensors(files, join_path(model.path, file.name()), file.checksum()));
  return model;
}

Pipeline load_pipeline(const ModelFiles& files) {
  std::vector<std::vector<NamedTensor>> tensors;
  for (const auto& bytes : files.tensors) tensors.push_back(from_safetensors(bytes, files.path));
  Pipeline pipeline(files.pipeline.stage(), tensors, load_schema(files.pipeline), files.path);
  if (pipeline.estimators().empty())
    throw FileError(fmt::format("{} holds no estimator", files.path), {.file = files.path});
  return pipeline;
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
