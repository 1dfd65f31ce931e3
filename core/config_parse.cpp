/// Text format with every mistake reported. protobuf's parser stops at the first wrong value, so that one is blanked out
/// and the rest is parsed again; unknown fields it can skip by itself.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <optional>
#include <regex>
#include <set>

#include "core/config.hpp"
#include "core/names.hpp"

namespace lockstep {
namespace pb = google::protobuf;
namespace {

struct Message {
  int line, column;  // from 0
  std::string text;
};

class Collector final : public pb::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& text) override { errors.push_back({line, column, text}); }
  void AddWarning(int line, int column, const std::string& text) override { warnings.push_back({line, column, text}); }
  std::vector<Message> errors, warnings;
};

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines{""};
  for (const char c : text) {
    if (c == '\n') lines.emplace_back();
    else lines.back() += c;
  }
  return lines;
}

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) text += (i ? "\n" : "") + lines[i];
  return text;
}

std::vector<std::string> field_names(const pb::Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return names;
}

/// Column (from 0) of the last occurrence of `word` that begins at or before `column`; tabs count as the tokenizer counts them.
int column_of(const std::string& line, const std::string& word, int column) {
  const auto found = line.rfind(word, static_cast<std::size_t>(std::max(column, 0)));
  return found == std::string::npos ? column : static_cast<int>(found);
}

/// Adds a problem for a message of protobuf's parser, in our words, with the nearest valid name.
void explain(const Message& message, const std::vector<std::string>& lines, const pb::DescriptorPool& pool, Problems& problems) {
  static const std::regex unknown_field("Message type \"([^\"]+)\" has no field named \"([^\"]+)\"\\.?");
  static const std::regex unknown_value("Unknown enumeration value of \"([^\"]+)\" for field \"([^\"]+)\"\\.?");
  const std::string& line = lines.at(std::min(static_cast<std::size_t>(message.line), lines.size() - 1));
  Where where{.line = message.line + 1, .column = message.column + 1};
  std::smatch match;
  if (std::regex_search(message.text, match, unknown_field)) {
    where.column = column_of(line, match[2], message.column) + 1;
    const auto* type = pool.FindMessageTypeByName(match[1]);
    problems.add_at(where, "unknown field '" + match[2].str() + "' in " + (type ? type->name() : match[1].str()),
                    type ? suggest(match[2], field_names(*type)) : "");
  } else if (std::regex_search(message.text, match, unknown_value)) {
    where.column = column_of(line, match[1], message.column) + 1;
    problems.add_at(where, "unknown value '" + match[1].str() + "' for " + match[2].str(), "docs/config.md lists the values");
  } else {
    problems.add_at(where, message.text);
  }
}

/// Blanks out the "field: value" that an error at (line, column) belongs to; false if none is found there.
bool blank_field(std::vector<std::string>& lines, const Message& error) {
  static const std::regex assignment("[A-Za-z_][A-Za-z_0-9]*\\s*:\\s*(\"[^\"]*\"|'[^']*'|[^\\s{}\\[\\],;]+)?");
  if (error.line < 0 || static_cast<std::size_t>(error.line) >= lines.size()) return false;
  std::string& line = lines[static_cast<std::size_t>(error.line)];
  std::optional<std::pair<std::size_t, std::size_t>> hit;
  for (auto it = std::sregex_iterator(line.begin(), line.end(), assignment); it != std::sregex_iterator(); ++it) {
    if (it->position() <= error.column) hit = {static_cast<std::size_t>(it->position()), static_cast<std::size_t>(it->length())};
  }
  if (!hit) return false;
  std::fill_n(line.begin() + static_cast<std::ptrdiff_t>(hit->first), hit->second, ' ');
  return true;
}

/// Notes where each field of `message` stands.
void note_locations(const pb::Message& message, const pb::TextFormat::ParseInfoTree& tree, const std::string& at, Locations& locations) {
  const pb::Reflection& reflection = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const int index = field->is_repeated() ? i : -1;
      const auto name = child(at, field->name());
      const auto path = field->is_repeated() ? child(name, static_cast<std::size_t>(i)) : name;
      const auto place = tree.GetLocation(field, index);
      if (place.line >= 0) locations.lines[path] = {place.line + 1, place.column + 1};
      if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
      const auto* nested = tree.GetTreeForNested(field, index);
      if (nested == nullptr) continue;
      note_locations(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i) : reflection.GetMessage(message, field),
                     *nested, path, locations);
    }
  }
}

}  // namespace

void parse_text(const std::string& text, pb::Message& message, Locations& locations, Problems& problems) {
  constexpr int kMostMistakes = 20;
  auto lines = split_lines(text);
  const auto original = lines;
  std::set<std::pair<int, std::string>> told;
  for (int attempt = 0; attempt < kMostMistakes; ++attempt) {
    Collector collector;
    pb::TextFormat::ParseInfoTree tree;
    pb::TextFormat::Parser parser;
    parser.RecordErrorsTo(&collector);
    parser.WriteLocationsTo(&tree);
    parser.AllowUnknownField(true);
    message.Clear();
    const bool parsed = parser.ParseFromString(join_lines(lines), &message);
    auto found = collector.warnings;
    found.insert(found.end(), collector.errors.begin(), collector.errors.end());
    for (const auto& one : found) {
      if (told.insert({one.line, one.text}).second) explain(one, original, *message.GetDescriptor()->file()->pool(), problems);
    }
    if (parsed) {
      note_locations(message, tree, "", locations);
      return;
    }
    if (collector.errors.empty() || !blank_field(lines, collector.errors.front())) return;
  }
}

}  // namespace lockstep
