/// --set path=value.

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <regex>

#include "core/config.hpp"
#include "core/files.hpp"
#include "core/names.hpp"
#include "core/proto/options.pb.h"

namespace lockstep {
namespace pb = google::protobuf;
namespace {

struct Step {
  std::string name;
  std::optional<int> index;
};

std::vector<Step> split_path(const std::string& path) {
  static const std::regex part("([A-Za-z_0-9]+)(\\[([0-9]{1,9})\\])?");
  std::vector<Step> steps;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    std::smatch match;
    const std::string piece = path.substr(begin, end - begin);
    if (!std::regex_match(piece, match, part)) return {};
    steps.push_back(
        {match[1], match[3].matched ? std::optional(std::stoi(match[3])) : std::nullopt});
    begin = end + 1;
  }
  return steps;
}

class Silent final : public pb::io::ErrorCollector {
 public:
  void AddError(int, int, const std::string& text) override {
    first = first.empty() ? text : first;
  }
  void AddWarning(int, int, const std::string& text) override {
    first = first.empty() ? text : first;
  }
  std::string first;
};

std::vector<std::string> names_of(const pb::Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return names;
}

class Assignment {
 public:
  Assignment(const std::string& text, Problems& problems) : problems_(problems) {
    const auto equals = text.find('=');
    if (equals != std::string::npos) {
      path_ = text.substr(0, equals);
      value_ = text.substr(equals + 1);
      steps_ = split_path(path_);
    }
    if (steps_.empty()) fail(text, "--set needs path=value", "for example --set network.epochs=3");
  }

  void apply(proto::Experiment& experiment) {
    if (steps_.empty()) return;
    if (experiment.GetDescriptor()->FindFieldByName(steps_[0].name) == nullptr &&
        expand_stage(experiment))
      return;
    set(experiment, 0);
  }

 private:
  /// "network.epochs": the stage whose kind is named. Returns true if that failed and was told.
  bool expand_stage(proto::Experiment& experiment) {
    const auto* kinds = proto::Stage::descriptor();
    if (kinds->FindFieldByName(steps_[0].name) == nullptr) return false;
    std::vector<int> matches;
    for (int i = 0; i < experiment.stage_size(); ++i) {
      const auto* kind = experiment.stage(i).GetReflection()->GetOneofFieldDescriptor(
          experiment.stage(i), kinds->oneof_decl(0));
      if (kind != nullptr && kind->name() == steps_[0].name) matches.push_back(i);
    }
    const auto wanted = steps_[0].index.value_or(0);
    const bool ambiguous = !steps_[0].index && matches.size() > 1;
    if (matches.empty() || ambiguous || wanted >= static_cast<int>(matches.size())) {
      fail(path_, fmt::format("the config has {} '{}' stages", matches.size(), steps_[0].name),
           ambiguous ? "say which, as " + steps_[0].name + "[0]" : "");
      return true;
    }
    steps_[0].index.reset();
    steps_.insert(steps_.begin(), Step{"stage", matches[static_cast<std::size_t>(wanted)]});
    return false;
  }

  void set(pb::Message& message, std::size_t depth) {
    const Step& step = steps_[depth];
    const auto* field = message.GetDescriptor()->FindFieldByName(step.name);
    if (field == nullptr) {
      auto known = names_of(*message.GetDescriptor());
      if (depth == 0)
        for (const auto& name : names_of(*proto::Stage::descriptor())) known.push_back(name);
      return fail(path_,
                  fmt::format("--set: unknown field '{}' in {}", step.name,
                              message.GetDescriptor()->name()),
                  suggest(step.name, known));
    }
    if (depth + 1 == steps_.size()) return assign(message, *field, step);
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) {
      return fail(path_, fmt::format("--set: '{}' has no fields of its own", step.name), "");
    }
    if (pb::Message* next = descend(message, *field, step)) set(*next, depth + 1);
  }

  pb::Message* descend(pb::Message& message, const pb::FieldDescriptor& field, const Step& step) {
    const pb::Reflection& reflection = *message.GetReflection();
    if (!field.is_repeated() && !step.index) return reflection.MutableMessage(&message, &field);
    if (!field.is_repeated()) {
      fail(path_, fmt::format("--set: '{}' is not a list", step.name), "leave the [] out");
      return nullptr;
    }
    const int size = reflection.FieldSize(message, &field), index = step.index.value_or(0);
    if ((!step.index && size != 1) || index >= size) {
      fail(path_, fmt::format("--set: there are {} of '{}'", size, step.name),
           fmt::format("say which, as {}[0]", step.name));
      return nullptr;
    }
    return reflection.MutableRepeatedMessage(&message, &field, index);
  }

  void assign(pb::Message& message, const pb::FieldDescriptor& field, const Step& step) {
    const pb::Reflection& reflection = *message.GetReflection();
    if (step.index)
      return fail(path_, "--set: a single element cannot be set",
                  "give the whole list: " + step.name + "=[...]");
    const bool is_string = field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING;
    const bool as_typed = value_.empty() || (value_.front() != '"' && value_.front() != '\'' &&
                                             !(field.is_repeated() && value_.front() == '['));
    if (is_string && as_typed && !field.is_repeated()) {
      reflection.SetString(&message, &field, value_);
    } else if (is_string && as_typed) {
      reflection.ClearField(&message, &field);
      reflection.AddString(&message, &field, value_);
    } else {
      const std::unique_ptr<pb::Message> parsed(
          message.New());  // a value that does not fit leaves the field as it was
      pb::TextFormat::Parser parser;
      Silent errors;
      parser.RecordErrorsTo(&errors);
      if (!parser.ParseFromString(field.name() + (value_.starts_with('{') ? " " : ": ") + value_,
                                  parsed.get())) {
        return fail(path_, fmt::format("--set: '{}' does not fit: {}", value_, errors.first), "");
      }
      reflection.ClearField(&message, &field);
      message.MergeFrom(*parsed);
    }
    if (!field.options().GetExtension(proto::is_path)) return;
    // As typed in the shell: relative to the working folder.
    const auto absolute = [](const std::string& path) {
      return std::filesystem::absolute(path).string();
    };
    if (!field.is_repeated()) {
      reflection.SetString(&message, &field, absolute(reflection.GetString(message, &field)));
      return;
    }
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      reflection.SetRepeatedString(&message, &field, i,
                                   absolute(reflection.GetRepeatedString(message, &field, i)));
    }
  }

  void fail(const std::string& field, const std::string& what, const std::string& advice) {
    problems_.add(field, what, advice);
  }

  Problems& problems_;
  std::string path_, value_;
  std::vector<Step> steps_;
};

}  // namespace

void apply_override(proto::Experiment& experiment, const std::string& assignment,
                    Problems& problems) {
  Assignment(assignment, problems).apply(experiment);
}

}  // namespace lockstep
