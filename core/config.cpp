#include "core/config.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <filesystem>

#include "core/files.hpp"
#include "core/proto/options.pb.h"

namespace lockstep {
namespace pb = google::protobuf;
namespace {

/// Puts change(path) in place of every string of a field marked is_path in `message` and below.
template <typename Change>
void for_each_path(pb::Message& message, const Change& change) {
  const pb::Reflection& reflection = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    const bool path = field->options().GetExtension(proto::is_path);
    const bool below = field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
    if (!field->is_repeated()) {
      if (path) reflection.SetString(&message, field, change(reflection.GetString(message, field)));
      if (below) for_each_path(*reflection.MutableMessage(&message, field), change);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      if (path) {
        reflection.SetRepeatedString(&message, field, i,
                                     change(reflection.GetRepeatedString(message, field, i)));
      }
      if (below) for_each_path(*reflection.MutableRepeatedMessage(&message, field, i), change);
    }
  }
}

/// Clears the fields marked outside_digest in `message` and below.
void clear_outside_digest(pb::Message& message) {
  const pb::Reflection& reflection = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->options().GetExtension(proto::outside_digest)) {
      reflection.ClearField(&message, field);
    } else if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) clear_outside_digest(*reflection.MutableMessage(&message, field));
      for (int i = 0; field->is_repeated() && i < reflection.FieldSize(message, field); ++i)
        clear_outside_digest(*reflection.MutableRepeatedMessage(&message, field, i));
    }
  }
}

}  // namespace

std::string child(const std::string& at, const std::string& name) {
  return at.empty() ? name : at + "." + name;
}
std::string child(const std::string& at, std::size_t index) {
  return at + "[" + std::to_string(index) + "]";
}

void resolve_paths(pb::Message& message, const std::string& folder) {
  for_each_path(message, [&](const std::string& path) { return join_path(folder, path); });
}

std::string to_text(const pb::Message& message) {
  std::string text;
  pb::TextFormat::PrintToString(message, &text);
  return text;
}

bool from_text(const std::string& text, pb::Message& message) {
  class Silent final : public pb::io::ErrorCollector {
    void AddError(int, int, const std::string&) override {}
  } silent;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&silent);
  return parser.ParseFromString(text, &message);
}

std::string config_digest(const proto::Experiment& experiment) {
  proto::Experiment essence = experiment;
  clear_outside_digest(essence);
  for_each_path(essence, [](const std::string& path) {
    return std::filesystem::path(path).filename().string();
  });
  return checksum(to_text(essence));
}

Config load_config(const std::string& path, const std::vector<std::string>& overrides,
                   const Check& check) {
  Config config;
  config.locations.file = path;
  Problems problems;
  const bool whole =
      parse_text(real_files().read(path), config.experiment, config.locations, problems);
  if (!whole) problems.throw_if_any(config.locations);
  resolve_paths(config.experiment, std::filesystem::absolute(folder_of(path)).string());
  for (const auto& assignment : overrides) apply_override(config.experiment, assignment, problems);
  check_ranges(config.experiment, "", problems);
  if (check) check(config.experiment, problems);
  problems.throw_if_any(config.locations);
  return config;
}

}  // namespace lockstep
