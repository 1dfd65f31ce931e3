#pragma once
/// Fields that two messages of the config have in common.

#include <google/protobuf/message.h>

namespace lockstep::ml {

/// Copies every singular field that is set in `from` and has a namesake of the same type in `to`.
void copy_same_fields(const google::protobuf::Message& from, google::protobuf::Message& to);

}  // namespace lockstep::ml
