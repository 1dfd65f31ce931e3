#include "data/features/text/text.hpp"

#include <fmt/core.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

struct Character {
  std::size_t bytes = 1;
  utf8proc_int32_t code_point = -1;  // -1: these bytes are no UTF-8
};

Character character_at(std::string_view text, std::size_t at) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at;
  Character character;
  const auto used = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() - at),
                                     &character.code_point);
  if (used <= 0) return {};
  character.bytes = static_cast<std::size_t>(used);
  return character;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

char lower_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string to_lower(std::string_view text) {
  std::string lower(text);
  if (is_ascii(text)) {
    std::transform(lower.begin(), lower.end(), lower.begin(), lower_ascii);
    return lower;
  }
  lower.clear();
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (character.code_point < 0) {
      lower += text[at];
    } else {
      std::array<utf8proc_uint8_t, 4> bytes{};
      const auto used = utf8proc_encode_char(utf8proc_tolower(character.code_point), bytes.data());
      lower.append(bytes.begin(), bytes.begin() + used);
    }
    at += character.bytes;
  }
  return lower;
}

std::size_t character_bytes(std::string_view text, std::size_t at) {
  return character_at(text, at).bytes;
}

std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    units += character.code_point > 0xFFFF ? 2 : 1;
    at += character.bytes;
  }
  return units;
}

std::string_view text_of_row(const Partition& partition, const std::string& column, std::size_t row,
                             const std::string& field) {
  const auto text = partition.get<Strings>(column).at(row);
  if (!text) {
    throw DataError(
        fmt::format("{} has no text in the column '{}'", row_name(partition, row), column),
        {.field = field}, "put fill_nulls or drop_nulls before this stage");
  }
  return *text;
}

}  // namespace lockstep::data
