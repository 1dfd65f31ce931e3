#include "data/features/vectors/vector_stage.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace lockstep::data {

ColumnType rescaled(const ColumnType& type) {
  ColumnType changed = type;
  if (!type.features) return changed;
  std::vector<Feature> features(type.features->size());
  for (std::size_t j = 0; j < features.size(); ++j) features[j].name = (*type.features)[j].name;
  changed.features = std::make_shared<const std::vector<Feature>>(std::move(features));
  return changed;
}

VectorStage::VectorStage(std::string input, std::string output, std::string at,
                         const char* input_field)
    : input_(std::move(input)),
      output_(std::move(output)),
      at_(std::move(at)),
      input_field_(at_ + "." + input_field) {}

Schema VectorStage::output_schema(const Schema& input) const {
  ColumnType type = input_column(input, input_, {ColumnType::Kind::Vector}, input_field_);
  if (const auto wanted = width()) {
    const std::size_t has = type.shape.size();
    if (has > *wanted || (has < *wanted && !type.open_width)) {
      throw ConfigError(
          fmt::format("the vectors of '{}' have {} numbers, not {}", input_, has, *wanted),
          {.field = input_field_}, kGiveWidth);
    }
    if (has != *wanted) {  // one that fits keeps its shape: a sequence stays one
      type.features = nullptr;
      type.shape = {static_cast<std::int64_t>(*wanted)};
    }
    type.open_width = false;
  }
  Schema output = input;
  add_output(output, output_, output_type(type), at_ + ".output_col");
  return output;
}

Effect VectorStage::transform(Partition& partition, Phase) const {
  expects(is_fitted(), "a stage is fitted before it transforms");
  if (const auto wanted = width()) check_widths(partition, input_, *wanted, input_field_);
  partition.set(output_, map(partition.column(input_), partition.rows()));
  return {};
}

std::size_t VectorStage::training_width(const TrainingRows& fitting) const {
  if (fitting.rows() == 0) {
    throw DataError("there are no rows to learn from", {.field = at_},
                    "look at the stages before that drop rows");
  }
  return input_column(fitting.schema(), input_, {ColumnType::Kind::Vector}, input_field_)
      .shape.size();
}

void VectorStage::check_model(bool fits) const {
  if (fits) return;
  throw ConfigError("the lists of the model do not fit together", {.field = at_ + ".model"},
                    "leave the model as Lockstep has written it");
}

proto::Stage stage_of(const google::protobuf::Message& config) {
  proto::Stage stage;
  const auto* kinds = stage.GetDescriptor()->FindOneofByName("kind");
  for (int i = 0; i < kinds->field_count(); ++i) {
    const auto* field = kinds->field(i);
    if (field->message_type() == config.GetDescriptor())
      stage.GetReflection()->MutableMessage(&stage, field)->CopyFrom(config);
  }
  expects(stage.kind_case() != proto::Stage::KIND_NOT_SET, "a stage has such a message");
  return stage;
}

}  // namespace lockstep::data
