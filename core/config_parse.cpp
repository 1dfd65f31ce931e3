/// Text format with every mistake reported. protobuf's parser stops at the first wrong value, so
/// that one is blanked out and the rest is parsed again; unknown fields it can skip by itself.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <functional>
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
  void AddError(int line, int column, const std::string& text) override {
    errors.push_back({line, column, text});
  }
  void AddWarning(int line, int column, const std::string& text) override {
    warnings.push_back({line, column, text});
  }
  std::vector<Message> errors, warnings;
};

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines{""};
  for (const char c : text) {
    if (c == '\n')
      lines.emplace_back();
    else
      lines.back() += c;
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

/// The values of every enum field called `name` in `type` and the messages below it.
void add_enum_values(const pb::Descriptor& type, const std::string& name,
                     std::set<const pb::Descriptor*>& seen, std::vector<std::string>& values) {
  if (!seen.insert(&type).second) return;
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& field = *type.field(i);
    if (field.message_type() != nullptr) add_enum_values(*field.message_type(), name, seen, values);
    if (field.enum_type() == nullptr || field.name() != name) continue;
    for (int v = 0; v < field.enum_type()->value_count(); ++v) {
      const auto& value = field.enum_type()->value(v)->name();
      if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
    }
  }
}

/// A piece of a line, counted in characters from 0.
struct Place {
  std::size_t line, begin, length;
};

/// The tokenizer counts a tab as the way to the next multiple of 8; this is the character it means.
std::size_t index_of(const std::string& line, int column) {
  std::size_t i = 0;
  for (int at = 0; i < line.size() && at < column; ++i)
    at = line[i] == '\t' ? (at / 8 + 1) * 8 : at + 1;
  return i;
}

/// Where `message` points to, on a line that exists.
Place place_of(const Message& message, const std::vector<std::string>& lines) {
  const auto line = std::min(static_cast<std::size_t>(std::max(message.line, 0)), lines.size() - 1);
  return {line, index_of(lines[line], message.column), 0};
}

/// The last "name: value" that begins before `end` and fits, up to `most` lines above it.
std::optional<Place> assignment_before(const std::vector<std::string>& lines, const Place& end,
                                       std::size_t most,
                                       const std::function<bool(const std::smatch&)>& fits) {
  static const std::regex assignment(
      "([A-Za-z_][A-Za-z_0-9]*)\\s*:[ \\t]*(\"[^\"]*\"|'[^']*'|\\[[^\\]]*\\]|[^\\s{}\\[\\],;#]+)?");
  for (std::size_t up = 0; up <= std::min(end.line, most); ++up) {
    const auto& line = lines[end.line - up];
    std::optional<Place> last;
    for (auto it = std::sregex_iterator(line.begin(), line.end(), assignment);
         it != std::sregex_iterator(); ++it) {
      const auto begin = static_cast<std::size_t>(it->position());
      if ((up > 0 || begin < end.begin) && fits(*it))
        last = {end.line - up, begin, static_cast<std::size_t>(it->length())};
    }
    if (last) return last;
  }
  return std::nullopt;
}

const std::regex& unknown_value() {
  static const std::regex form(
      "Unknown enumeration value of \"([^\"]+)\" for field \"([^\"]+)\"\\.?");
  return form;
}

/// The "name: value" that an error belongs to. The parser may have read on before it complains: to
/// the token after an unknown enum value, or to the next line where a value is missing.
std::optional<Place> culprit(const Message& error, const std::vector<std::string>& lines) {
  const Place end = place_of(error, lines);
  std::smatch match;
  if (std::regex_search(error.text, match, unknown_value())) {
    return assignment_before(lines, end, lines.size(), [&](const std::smatch& one) {
      return one[1] == match[2] && one[2].str().find(match[1]) != std::string::npos;
    });
  }
  if (const auto found = assignment_before(lines, end, 0, [](const std::smatch&) { return true; }))
    return found;
  return assignment_before(lines, end, lines.size(), [](const std::smatch& one) {
    const auto rest = one.suffix().str().find_first_not_of(" \t\r");
    return !one[2].matched && (rest == std::string::npos || one.suffix().str()[rest] == '#');
  });
}

/// Adds a problem for a message of protobuf's parser about a text for `type`, in our words, with
/// the nearest valid name.
void explain(const Message& message, const std::vector<std::string>& lines,
             const pb::Descriptor& type, Problems& problems) {
  static const std::regex unknown_field(
      "Message type \"([^\"]+)\" has no field named \"([^\"]+)\"\\.?");
  static const std::regex specified_again("ield \"([^\"]+)\" is specified");
  Place place = place_of(message, lines);
  const auto where = [&] {
    return Where{.line = static_cast<std::int64_t>(place.line) + 1,
                 .column = static_cast<std::int64_t>(place.begin) + 1};
  };
  std::smatch match;
  if (std::regex_search(message.text, match, unknown_field)) {
    if (const auto at = lines[place.line].rfind(match[2], place.begin); at != std::string::npos)
      place.begin = at;
    const auto* owner = type.file()->pool()->FindMessageTypeByName(match[1]);
    problems.add_at(
        where(),
        "unknown field '" + match[2].str() + "' in " + (owner ? owner->name() : match[1].str()),
        owner ? suggest(match[2], field_names(*owner)) : "");
  } else if (std::regex_search(message.text, match, unknown_value())) {
    if (const auto found = culprit(message, lines))
      place = {found->line, lines[found->line].find(match[1], found->begin + match[2].length()), 0};
    std::set<const pb::Descriptor*> seen;
    std::vector<std::string> values;
    add_enum_values(type, match[2], seen, values);
    problems.add_at(where(), "unknown value '" + match[1].str() + "' for " + match[2].str(),
                    suggest(match[1], values));
  } else {
    // "Non-repeated field ...", "Field "dense" is specified along with ...": told after the name.
    if (std::regex_search(message.text, match, specified_again)) {
      if (const auto at = lines[place.line].rfind(match[1], place.begin); at != std::string::npos)
        place.begin = at;
    }
    problems.add_at(where(), message.text);
  }
}

/// Notes where each field of `message` stands.
void note_locations(const pb::Message& message, const pb::TextFormat::ParseInfoTree& tree,
                    const std::vector<std::string>& lines, const std::string& at,
                    Locations& locations) {
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
      if (place.line >= 0) {
        const auto column = index_of(lines.at(static_cast<std::size_t>(place.line)), place.column);
        locations.lines[path] = {place.line + 1, static_cast<int>(column) + 1};
      }
      if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
      const auto* nested = tree.GetTreeForNested(field, index);
      if (nested == nullptr) continue;
      note_locations(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                          : reflection.GetMessage(message, field),
                     *nested, lines, path, locations);
    }
  }
}

}  // namespace

bool parse_text(const std::string& text, pb::Message& message, Locations& locations,
                Problems& problems) {
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
      if (told.insert({one.line, one.text}).second)
        explain(one, original, *message.GetDescriptor(), problems);
    }
    if (parsed) {
      note_locations(message, tree, lines, "", locations);
      return true;
    }
    if (collector.errors.empty()) return false;
    const auto wrong = culprit(collector.errors.front(), lines);
    if (!wrong) return false;
    std::string& line = lines[wrong->line];
    std::fill_n(line.begin() + static_cast<std::ptrdiff_t>(wrong->begin), wrong->length, ' ');
  }
  return false;
}

}  // namespace lockstep
