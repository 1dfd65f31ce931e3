/// What a config says of a CSV file, checked; and where its records end.
#include <fmt/core.h>

#include <cctype>
#include <cstdint>

#include "core/error.hpp"
#include "data/sources/csv_parser.hpp"

namespace lockstep::data {
namespace {

/// The one byte of an option; '\0' if it is empty.
char byte_of(const std::string& value, const std::string& field) {
  if (value.size() > 1) {
    throw ConfigError(fmt::format("'{}' has {} bytes", value, value.size()), {.field = field},
                      "give one byte, such as \",\", \";\", \"|\" or \"\\t\"");
  }
  const char c = value.empty() ? '\0' : value[0];
  if (c == '\n' || c == '\r' || static_cast<unsigned char>(c) >= 0x80)
    throw ConfigError("a line end or half a character", {.field = field}, "give an ASCII byte");
  return c;
}

void require_distinct(char a, char b, const std::string& what, const std::string& field) {
  if (a != '\0' && a == b)
    throw ConfigError(fmt::format("'{}' is the {} as well", a, what), {.field = field},
                      "give another byte");
}

/// A field must not be a number and two fields at once.
void require_mark(char c, const std::string& field) {
  const bool in_numbers = c == '+' || c == '-' || c == '.';
  if (in_numbers || std::isalnum(static_cast<unsigned char>(c)) != 0)
    throw ConfigError(fmt::format("'{}' can be part of a number or word", c), {.field = field},
                      "give another byte");
}

}  // namespace

CsvRules rules_of(const proto::CsvSource& config, const std::string& at) {
  CsvRules rules;
  rules.sep = byte_of(config.sep(), at + ".sep");
  rules.quote = byte_of(config.quote(), at + ".quote");
  rules.escape = byte_of(config.escape(), at + ".escape");
  rules.comment = byte_of(config.comment(), at + ".comment");
  if (rules.sep == '\0') throw ConfigError("no separator", {.field = at + ".sep"}, "give one byte");
  require_mark(rules.sep, at + ".sep");
  require_mark(rules.quote, at + ".quote");
  require_distinct(rules.quote, rules.sep, "separator", at + ".quote");
  require_distinct(rules.escape, rules.sep, "separator", at + ".escape");
  require_distinct(rules.comment, rules.sep, "separator", at + ".comment");
  require_distinct(rules.comment, rules.quote, "quote", at + ".comment");
  rules.null_values.assign(config.null_value().begin(), config.null_value().end());
  rules.trim = config.trim();
  rules.mode = config.mode();
  rules.multi_line = config.multi_line();
  return rules;
}

bool ends_inside_quotes(std::string_view text, bool starts_inside, const CsvRules& rules) noexcept {
  if (!rules.records_span_lines()) return false;
  std::uint8_t odd = 0;  // bytes, so that a vector register holds many
  const char quote = rules.quote;
  for (const char c : text) odd = static_cast<std::uint8_t>(odd ^ (c == quote ? 1 : 0));
  return (odd != 0) != starts_inside;
}

std::size_t first_record_begin(std::string_view text, bool starts_inside,
                               const CsvRules& rules) noexcept {
  const bool spans = rules.records_span_lines();
  bool inside = spans && starts_inside;
  std::size_t at = 0;
  while (at < text.size()) {
    if (inside) {
      const std::size_t quote = text.find(rules.quote, at);
      if (quote == std::string_view::npos) return text.size();
      inside = false;
      at = quote + 1;
      continue;
    }
    const std::size_t line_end = text.find('\n', at);
    const std::size_t end = line_end == std::string_view::npos ? text.size() : line_end + 1;
    if (!spans || !ends_inside_quotes(text.substr(at, end - at), false, rules)) return end;
    inside = true;
    at = end;
  }
  return text.size();
}

}  // namespace lockstep::data
