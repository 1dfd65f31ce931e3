#pragma once
/// Text as the stages see it: UTF-8, which may be broken. Bytes that are no UTF-8 stay as they are
/// and count as one character each.

#include <cstddef>
#include <string>
#include <string_view>

#include "data/table.hpp"

namespace lockstep::data {

/// Every character by Unicode's simple case mapping: one for one, whatever the language.
std::string to_lower(std::string_view text);

/// Bytes of the character that begins at byte `at`, `at` < text.size().
std::size_t character_bytes(std::string_view text, std::size_t at);

/// How long the text is in UTF-16: characters above U+FFFF are two units.
std::size_t utf16_length(std::string_view text);

/// The text of a row. @throws DataError naming the row and `field`, a config path, where it is
/// missing
std::string_view text_of_row(const Partition& partition, const std::string& column, std::size_t row,
                             const std::string& field);

}  // namespace lockstep::data
