/// Writes docs/config.md: every message and field of a config, from core/proto/*.proto and the
/// comments in it.
///
///     config_reference DESCRIPTORS                  prints it
///     config_reference DESCRIPTORS --write FILE     writes it
///     config_reference DESCRIPTORS --check FILE     fails if FILE says something else
///
/// DESCRIPTORS is the descriptor set with source information that the build leaves in
/// generated/config.descriptors. Messages come in the order in which a reader meets them, from
/// Experiment down, each with its enums behind it.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <cctype>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/proto/options.pb.h"

namespace lockstep::apps {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorSet;
using google::protobuf::OneofDescriptor;
using google::protobuf::SourceLocation;

constexpr const char* kPreamble =
    R"(A config is one `Experiment` in Protocol Buffers text format: `field: value` for numbers, strings and choices,
`field { ... }` for messages, `#` starts a comment. A repeated field is written once for each value, or as a list,
`kernel_size: [3, 5]`. File names are relative to the config file or absolute. `--set path=value` overrides any field
on the command line, for example `--set network.epochs=3`. `lockstep check CONFIG` names every mistake at
once, with its line and column.
)";

/// The lines of a comment as one text.
std::string join_lines(const std::string& comment) {
  std::string text;
  for (const char c : comment) {
    const bool blank = c == '\n' || c == ' ';
    if (!blank) text += c;
    if (blank && !text.empty() && text.back() != ' ') text += ' ';
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

/// Comment of a message, field, enum or value: before it or behind it on its line.
template <typename Thing>
std::string comment_of(const Thing& thing) {
  SourceLocation location;
  if (!thing.GetSourceLocation(&location)) return {};
  const std::string before = join_lines(location.leading_comments);
  const std::string behind = join_lines(location.trailing_comments);
  return before.empty() ? behind : behind.empty() ? before : before + ' ' + behind;
}

/// First line of the comment at the top of a file: what its messages are about, in italics.
std::string topic_of(const FileDescriptor& file) {
  SourceLocation location;
  const std::vector<int> syntax = {google::protobuf::FileDescriptorProto::kSyntaxFieldNumber};
  if (!file.GetSourceLocation(syntax, &location)) return {};
  const std::string text =
      join_lines(location.leading_comments.substr(0, location.leading_comments.find('\n')));
  return text.empty() ? text : '*' + text + '*';
}

/// A number as a person writes it: 1e-05 becomes 1e-5, 10000 stays.
std::string number_text(double value) {
  std::ostringstream text;
  text.precision(10);
  text << value;
  std::string result = text.str();
  if (const auto exponent = result.find('e'); exponent != std::string::npos) {
    std::string digits = result.substr(exponent + 2);
    digits.erase(0, digits.find_first_not_of('0'));
    result = result.substr(0, exponent + 1) + (result[exponent + 1] == '-' ? "-" : "") + digits;
  }
  return result;
}

/// Text for a cell of a table: | would end it.
std::string cell(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '|' ? std::string("\\|") : std::string(1, c);
  return result;
}

std::string code(const std::string& text) { return '`' + text + '`'; }

/// Where a heading of this name is found: GitHub's rule for names of letters, digits, '_' and '.'.
std::string link(const std::string& name) {
  std::string anchor;
  for (const char c : name) {
    if (c != '.') anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return '[' + name + "](#" + anchor + ')';
}

/// Name of an enum or message; a nested one with its parent's in front.
template <typename Thing>
std::string name_of(const Thing& thing) {
  return thing.containing_type() == nullptr
             ? std::string(thing.name())
             : name_of(*thing.containing_type()) + '.' + thing.name();
}

std::string type_text(const FieldDescriptor& field) {
  std::string type;
  switch (field.type()) {
    case FieldDescriptor::TYPE_MESSAGE:
      type = link(name_of(*field.message_type()));
      break;
    case FieldDescriptor::TYPE_ENUM:
      type = link(name_of(*field.enum_type()));
      break;
    case FieldDescriptor::TYPE_STRING:
      type = field.options().GetExtension(proto::is_path) ? "file name" : "string";
      break;
    case FieldDescriptor::TYPE_BOOL:
      type = "bool";
      break;
    default:
      type = field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE ? "number" : "integer";
      break;
  }
  return field.is_repeated() ? type + ", repeated" : type;
}

std::string default_text(const FieldDescriptor& field) {
  if (field.options().GetExtension(proto::required)) return "**required**";
  if (!field.has_default_value()) return {};
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return code(field.default_value_bool() ? "true" : "false");
    case FieldDescriptor::CPPTYPE_STRING:
      return code('"' + field.default_value_string() + '"');
    case FieldDescriptor::CPPTYPE_ENUM:
      return code(field.default_value_enum()->name());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return code(number_text(field.default_value_double()));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return code(number_text(static_cast<double>(field.default_value_float())));
    case FieldDescriptor::CPPTYPE_INT32:
      return code(std::to_string(field.default_value_int32()));
    case FieldDescriptor::CPPTYPE_INT64:
      return code(std::to_string(field.default_value_int64()));
    case FieldDescriptor::CPPTYPE_UINT32:
      return code(std::to_string(field.default_value_uint32()));
    case FieldDescriptor::CPPTYPE_UINT64:
      return code(std::to_string(field.default_value_uint64()));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return {};
}

std::string range_text(const FieldDescriptor& field) {
  std::string text;
  const auto bound = [&](const auto& option, const char* relation) {
    if (!field.options().HasExtension(option)) return;
    text += (text.empty() ? "" : ", ") + std::string(relation) + ' ' +
            number_text(field.options().GetExtension(option));
  };
  bound(proto::min, ">=");
  bound(proto::above, ">");
  bound(proto::max, "<=");
  bound(proto::below, "<");
  return text;
}

class Reference {
 public:
  explicit Reference(const Descriptor& experiment) { visit(experiment, 0); }

  std::string markdown() const {
    return "<!-- Written by scripts/docs from core/proto/*.proto. Change the comments there. "
           "-->\n\n# Config reference\n\n" +
           std::string(kPreamble) + "\n## Contents\n\n" + contents_ + body_;
  }

 private:
  /// A message, its enums, then the messages of its fields.
  void visit(const Descriptor& message, int depth) {
    if (!seen_.insert(message.full_name()).second) return;
    heading(name_of(message), depth);
    if (topics_.insert(message.file()->name()).second) paragraph(topic_of(*message.file()));
    paragraph(comment_of(message));
    for (int i = 0; i < message.oneof_decl_count(); ++i) choice(*message.oneof_decl(i));
    fields(message);
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      if (field.enum_type() != nullptr) visit(*field.enum_type(), depth + 1);
    }
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      if (field.message_type() != nullptr) visit(*field.message_type(), depth + 1);
    }
  }

  void visit(const EnumDescriptor& choices, int depth) {
    if (!seen_.insert(choices.full_name()).second) return;
    heading(name_of(choices), depth);
    paragraph(comment_of(choices));
    body_ += "\n| value | meaning |\n|---|---|\n";
    for (int i = 0; i < choices.value_count(); ++i) {
      const EnumValueDescriptor& value = *choices.value(i);
      body_ += "| " + code(value.name()) + " | " + cell(comment_of(value)) + " |\n";
    }
  }

  void heading(const std::string& name, int depth) {
    contents_ += std::string(2 * static_cast<std::size_t>(depth), ' ') + "- " + link(name) + '\n';
    body_ += "\n" + std::string(depth < 2 ? 2 : 3, '#') + ' ' + name + '\n';
  }

  void paragraph(const std::string& text) {
    if (!text.empty()) body_ += '\n' + text + '\n';
  }

  void choice(const OneofDescriptor& oneof) {
    const bool required = oneof.options().GetExtension(proto::one_required);
    std::string names;
    for (int i = 0; i < oneof.field_count(); ++i)
      names += (i == 0 ? "" : ", ") + code(oneof.field(i)->name());
    paragraph((required ? "Exactly one of " : "At most one of ") + names + '.');
  }

  void fields(const Descriptor& message) {
    if (message.field_count() == 0) {
      paragraph("It has no fields: `{}`.");
      return;
    }
    body_ += "\n| field | type | default | range | meaning |\n|---|---|---|---|---|\n";
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      std::string meaning = comment_of(field);
      if (meaning.empty() && field.message_type() != nullptr)
        meaning = comment_of(*field.message_type());
      body_ += "| " + code(field.name()) + " | " + type_text(field) + " | " + default_text(field) +
               " | " + range_text(field) + " | " + cell(meaning) + " |\n";
    }
  }

  std::set<std::string> seen_, topics_;
  std::string contents_, body_;
};

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + " cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string reference(const std::string& descriptors) {
  FileDescriptorSet files;
  if (!files.ParseFromString(read(descriptors)))
    throw std::runtime_error(descriptors + " is no descriptor set");
  DescriptorPool pool;
  for (const auto& file : files.file()) {
    if (pool.BuildFile(file) == nullptr)
      throw std::runtime_error(file.name() + " does not fit the files it imports");
  }
  const Descriptor* experiment = pool.FindMessageTypeByName("lockstep.proto.Experiment");
  if (experiment == nullptr) throw std::runtime_error(descriptors + " holds no message Experiment");
  return Reference(*experiment).markdown();
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 1 && arguments.size() != 3) {
    throw std::runtime_error("usage: config_reference DESCRIPTORS [--write|--check FILE]");
  }
  const std::string text = reference(arguments[0]);
  if (arguments.size() == 1) {
    std::cout << text;
  } else if (arguments[1] == "--write") {
    std::ofstream file(arguments[2], std::ios::binary);
    if (!(file << text).flush()) throw std::runtime_error(arguments[2] + " cannot be written");
  } else if (read(arguments[2]) != text) {
    throw std::runtime_error(arguments[2] +
                             " is not what core/proto/*.proto says: run scripts/docs");
  }
  return 0;
}

}  // namespace
}  // namespace lockstep::apps

int main(int argc, char** argv) {
  try {
    return lockstep::apps::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "config_reference: " << error.what() << '\n';
    return 1;
  }
}
