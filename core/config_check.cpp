/// Ranges and required fields, as core/proto/options.proto states them beside each field.

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cmath>

#include "core/config.hpp"
#include "core/proto/options.pb.h"

namespace lockstep {
namespace pb = google::protobuf;
namespace {

/// The field's value as a double, or nothing for types without an order. `index` < 0: singular.
bool number_of(const pb::Message& message, const pb::FieldDescriptor& field, int index,
               double& value) {
  const pb::Reflection& r = *message.GetReflection();
  const bool one = index < 0;
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      value = one ? r.GetInt32(message, &field) : r.GetRepeatedInt32(message, &field, index);
      return true;
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      value = one ? r.GetUInt32(message, &field) : r.GetRepeatedUInt32(message, &field, index);
      return true;
    case pb::FieldDescriptor::CPPTYPE_INT64:
      value = static_cast<double>(one ? r.GetInt64(message, &field)
                                      : r.GetRepeatedInt64(message, &field, index));
      return true;
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      value = static_cast<double>(one ? r.GetUInt64(message, &field)
                                      : r.GetRepeatedUInt64(message, &field, index));
      return true;
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      value = one ? r.GetDouble(message, &field) : r.GetRepeatedDouble(message, &field, index);
      return true;
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      value = one ? r.GetFloat(message, &field) : r.GetRepeatedFloat(message, &field, index);
      return true;
    default:
      return false;
  }
}

void check_number(double value, const pb::FieldOptions& limits, const std::string& at,
                  Problems& problems) {
  const auto wrong = [&](const char* rule, double limit) {
    problems.add(at, fmt::format("{} is out of range", value),
                 fmt::format("it must be {} {}", rule, limit));
  };
  if (std::isnan(value)) problems.add(at, "not a number");
  if (limits.HasExtension(proto::min) && value < limits.GetExtension(proto::min))
    wrong("at least", limits.GetExtension(proto::min));
  else if (limits.HasExtension(proto::above) && value <= limits.GetExtension(proto::above))
    wrong("larger than", limits.GetExtension(proto::above));
  else if (limits.HasExtension(proto::max) && value > limits.GetExtension(proto::max))
    wrong("at most", limits.GetExtension(proto::max));
  else if (limits.HasExtension(proto::below) && value >= limits.GetExtension(proto::below))
    wrong("smaller than", limits.GetExtension(proto::below));
}

void check_oneofs(const pb::Message& message, const std::string& at, Problems& problems) {
  const pb::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.oneof_decl_count(); ++i) {
    const auto* oneof = type.oneof_decl(i);
    if (!oneof->options().GetExtension(proto::one_required) ||
        message.GetReflection()->HasOneof(message, oneof))
      continue;
    std::string names;
    for (int f = 0; f < oneof->field_count(); ++f)
      names += (f ? ", " : "") + oneof->field(f)->name();
    problems.add(at, fmt::format("{} without a {}", type.name(), oneof->name()),
                 "give one of " + names);
  }
}

void check_field(const pb::Message& message, const pb::FieldDescriptor& field,
                 const std::string& at, Problems& problems) {
  const pb::Reflection& reflection = *message.GetReflection();
  const int count = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
  for (int i = 0; i < count; ++i) {
    const auto path = field.is_repeated() ? child(at, static_cast<std::size_t>(i)) : at;
    double value = 0;
    if (number_of(message, field, field.is_repeated() ? i : -1, value)) {
      check_number(value, field.options(), path, problems);
    } else if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
      check_ranges(field.is_repeated() ? reflection.GetRepeatedMessage(message, &field, i)
                                       : reflection.GetMessage(message, &field),
                   path, problems);
    }
  }
}

}  // namespace

void check_ranges(const pb::Message& message, const std::string& at, Problems& problems) {
  const pb::Descriptor& type = *message.GetDescriptor();
  const pb::Reflection& reflection = *message.GetReflection();
  check_oneofs(message, at, problems);
  for (int i = 0; i < type.field_count(); ++i) {
    const auto* field = type.field(i);
    const bool set = field->is_repeated() ? reflection.FieldSize(message, field) > 0
                                          : reflection.HasField(message, field);
    if (set) {
      check_field(message, *field, child(at, field->name()), problems);
    } else if (field->options().GetExtension(proto::required)) {
      problems.add(child(at, field->name()), fmt::format("{} is missing", field->name()),
                   fmt::format("{} needs it", type.name()));
    }
  }
}

}  // namespace lockstep
