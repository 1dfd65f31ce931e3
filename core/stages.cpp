#include "core/stages.hpp"

#include <google/protobuf/descriptor.h>

#include "core/proto/options.pb.h"

namespace lockstep {
namespace {

const google::protobuf::FieldDescriptor* kind_of(const proto::Stage& stage) {
  return stage.GetReflection()->GetOneofFieldDescriptor(stage,
                                                        stage.GetDescriptor()->oneof_decl(0));
}

}  // namespace

std::string kind_name(const proto::Stage& stage) {
  const auto* kind = kind_of(stage);
  return kind == nullptr ? std::string() : kind->name();
}

bool is_estimator(const proto::Stage& stage) {
  const auto* kind = kind_of(stage);
  return kind != nullptr && kind->options().GetExtension(proto::is_estimator);
}

std::string stage_path(const proto::Stage& stage, std::size_t position) {
  const std::string kind = kind_name(stage);
  return "stage[" + std::to_string(position) + "]" + (kind.empty() ? "" : "." + kind);
}

}  // namespace lockstep
