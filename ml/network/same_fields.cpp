#include "ml/network/same_fields.hpp"

#include <google/protobuf/descriptor.h>

#include "core/error.hpp"

namespace lockstep::ml {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

bool same_type(const Field& a, const Field& b) {
  return !a.is_repeated() && !b.is_repeated() && a.type() == b.type() &&
         a.message_type() == b.message_type() && a.enum_type() == b.enum_type();
}

void copy(const pb::Message& from, const Field& source, pb::Message& to, const Field& target) {
  const pb::Reflection& read = *from.GetReflection();
  const pb::Reflection& write = *to.GetReflection();
  switch (source.cpp_type()) {
    case Field::CPPTYPE_MESSAGE:
      write.MutableMessage(&to, &target)->CopyFrom(read.GetMessage(from, &source));
      return;
    case Field::CPPTYPE_UINT32:
      return write.SetUInt32(&to, &target, read.GetUInt32(from, &source));
    case Field::CPPTYPE_UINT64:
      return write.SetUInt64(&to, &target, read.GetUInt64(from, &source));
    case Field::CPPTYPE_INT32:
      return write.SetInt32(&to, &target, read.GetInt32(from, &source));
    case Field::CPPTYPE_INT64:
      return write.SetInt64(&to, &target, read.GetInt64(from, &source));
    case Field::CPPTYPE_DOUBLE:
      return write.SetDouble(&to, &target, read.GetDouble(from, &source));
    case Field::CPPTYPE_FLOAT:
      return write.SetFloat(&to, &target, read.GetFloat(from, &source));
    case Field::CPPTYPE_BOOL:
      return write.SetBool(&to, &target, read.GetBool(from, &source));
    case Field::CPPTYPE_ENUM:
      return write.SetEnum(&to, &target, read.GetEnum(from, &source));
    case Field::CPPTYPE_STRING:
      return write.SetString(&to, &target, read.GetString(from, &source));
  }
  throw InternalError("a field of a type that protobuf does not have");
}

}  // namespace

void copy_same_fields(const pb::Message& from, pb::Message& to) {
  std::vector<const Field*> set;
  from.GetReflection()->ListFields(from, &set);
  for (const Field* field : set) {
    const Field* namesake = to.GetDescriptor()->FindFieldByName(field->name());
    if (namesake != nullptr && same_type(*field, *namesake)) copy(from, *field, to, *namesake);
  }
}

}  // namespace lockstep::ml
