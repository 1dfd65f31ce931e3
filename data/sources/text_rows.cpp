#include "data/sources/text_rows.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "data/sources/read_number.hpp"

namespace lockstep::data {
namespace {

constexpr std::size_t kExcerptBytes = 60;
constexpr std::uint64_t kLargestWhole = std::uint64_t{1} << 53;

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_sign(char c) { return c == '-' || c == '+'; }
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// A whole number as it is written: sign, digits.
struct Whole {
  double value = 0;
  bool fits = false;           // at most 2^53
  bool leading_zeros = false;  // 007
};

std::optional<Whole> read_whole(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && is_sign(text[0])) text.remove_prefix(1);
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  Whole whole{.leading_zeros = text.size() > 1 && text[0] == '0'};
  std::uint64_t sum = 0;
  for (const char c : text) {
    if (sum <= kLargestWhole) sum = sum * 10 + static_cast<std::uint64_t>(c - '0');
  }
  whole.fits = sum <= kLargestWhole;
  whole.value = static_cast<double>(sum);
  if (negative && sum != 0) whole.value = -whole.value;
  return whole;
}

bool is_word(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(),
                    [](char c, char l) { return c == l || c == l - 'a' + 'A'; });
}

bool read_boolean(std::string_view text, double& value) {
  const bool yes = is_word(text, "true");
  if (!yes && !is_word(text, "false")) return false;
  value = yes ? 1 : 0;
  return true;
}

/// Bytes of the UTF-8 character at the start of `text`, or 0 if it is none. As the Unicode
/// standard's table of well-formed sequences has it.
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto in = [](unsigned b, unsigned low, unsigned high) { return b >= low && b <= high; };
  const unsigned head = byte(0);
  if (head < 0x80) return 1;
  if (in(head, 0xC2, 0xDF)) return in(byte(1), 0x80, 0xBF) ? 2 : 0;
  if (in(head, 0xE0, 0xEF)) {
    const unsigned low = head == 0xE0 ? 0xA0 : 0x80, high = head == 0xED ? 0x9F : 0xBF;
    return in(byte(1), low, high) && in(byte(2), 0x80, 0xBF) ? 3 : 0;
  }
  if (!in(head, 0xF0, 0xF4)) return 0;
  const unsigned low = head == 0xF0 ? 0x90 : 0x80, high = head == 0xF4 ? 0x8F : 0xBF;
  return in(byte(1), low, high) && in(byte(2), 0x80, 0xBF) && in(byte(3), 0x80, 0xBF) ? 4 : 0;
}

/// Bytes at the start of `text` that are ASCII and not NUL.
std::size_t plain_bytes(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  std::size_t i = 0;
  for (std::uint64_t word = 0; i + sizeof(word) <= text.size(); i += sizeof(word)) {
    std::memcpy(&word, text.data() + i, sizeof(word));
    if (((word | (word - kOnes)) & kHighs) != 0) break;  // a byte is high, or 0 and borrows
  }
  while (i < text.size() && static_cast<signed char>(text[i]) > 0) ++i;
  return i;
}

std::string visible(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text[0]);
    const std::size_t bytes = character_bytes(text);
    if (text[0] == '\n' || text[0] == '\r' || text[0] == '\t') {
      result += text[0] == '\n' ? "\\n" : text[0] == '\r' ? "\\r" : "\\t";
    } else if (bytes == 0 || byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += text.substr(0, bytes);
    }
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return result;
}

}  // namespace

CellType join(CellType a, CellType b) noexcept {
  if (a == b || b == CellType::Unknown) return a;
  if (a == CellType::Unknown) return b;
  const auto is_number = [](CellType t) { return t == CellType::Integer || t == CellType::Double; };
  return is_number(a) && is_number(b) ? CellType::Double : CellType::String;
}

bool forgive(TextRows& rows, proto::BadRows mode, ParseProblem problem) {
  if (mode == proto::FAILFAST) {
    rows.problem = std::move(problem);
    return false;
  }
  ++rows.bad_rows;
  if (rows.examples.size() < kMostExamples) rows.examples.push_back(std::move(problem));
  return true;
}

std::string excerpt(std::string_view row, std::size_t column) {
  const std::size_t at = std::min(column == 0 ? 0 : column - 1, row.size());
  std::size_t begin = at > kExcerptBytes / 2 ? at - kExcerptBytes / 2 : 0;
  std::size_t end = std::min(begin + kExcerptBytes, row.size());
  if (end == row.size()) begin = end > kExcerptBytes ? end - kExcerptBytes : 0;
  for (int i = 0; i < 3 && begin > 0 && is_continuation(row[begin]); ++i) --begin;
  for (int i = 0; i < 3 && end < row.size() && is_continuation(row[end]); ++i) ++end;
  return (begin > 0 ? "..." : "") + visible(row.substr(begin, end - begin)) +
         (end < row.size() ? "..." : "");
}

bool parse_number(std::string_view text, double& value) {
  if (text.empty() || (text.size() == 1 && is_sign(text[0]))) return false;
  const char* end = text.data() + text.size();
  if (read_any_number(text.data(), end, value) != end) return false;
  if (!std::isnan(value)) return true;
  value = std::numeric_limits<double>::quiet_NaN();
  return text.size() == (is_sign(text[0]) ? 4 : 3);  // and not nan(...)
}

CellType type_of_cell(std::string_view text, double& value) {
  if (text.empty()) return CellType::Unknown;
  if (const auto whole = read_whole(text)) {
    value = whole->value;
    return whole->fits && !whole->leading_zeros ? CellType::Integer : CellType::String;
  }
  if (parse_number(text, value)) return CellType::Double;
  return read_boolean(text, value) ? CellType::Boolean : CellType::String;
}

CellType read_cell(std::string_view text, const TextColumn& column, double& value) {
  text = strip_blanks(text);
  if (!column.declared) {
    const CellType type = type_of_cell(text, value);
    if (type == CellType::Integer && column.type == CellType::Double)
      parse_number(text, value);  // -0
    return type == CellType::Unknown ? CellType::String : join(column.type, type);
  }
  bool fits = false;
  if (column.type == CellType::Integer) {
    const auto whole = read_whole(text);
    fits = whole && whole->fits;
    if (fits) value = whole->value;
  } else if (column.type == CellType::Double) {
    fits = parse_number(text, value);
  } else {
    fits = read_boolean(text, value);
  }
  return fits ? column.type : CellType::String;
}

std::string misfit(std::string_view text, const TextColumn& column) {
  const std::string cell = excerpt(text, 1);
  if (column.type == CellType::Boolean)
    return fmt::format("column '{}': '{}' is neither true nor false", column.name, cell);
  if (column.type == CellType::Integer) {
    const bool too_large = read_whole(strip_blanks(text)).has_value();
    return fmt::format("column '{}': '{}' is {}", column.name, cell,
                       too_large ? "beyond 2^53" : "not a whole number");
  }
  return fmt::format("column '{}': '{}' is not a number", column.name, cell);
}

std::size_t bad_byte(std::string_view text) noexcept {
  std::size_t i = 0;
  for (;;) {
    i += plain_bytes(text.substr(i));
    if (i == text.size()) return std::string_view::npos;
    if (text[i] == '\0') return i;
    const std::size_t bytes = character_bytes(text.substr(i));
    if (bytes == 0) return i;
    i += bytes;
  }
}

ParseProblem bad_byte_problem(std::string_view line, std::size_t at) {
  ParseProblem problem;
  problem.column = static_cast<std::int64_t>(at) + 1;
  const auto byte = static_cast<unsigned char>(line[at]);
  const std::string row = excerpt(line, at + 1);
  const bool wide = line.substr(0, 2) == "\xFF\xFE" || line.substr(0, 2) == "\xFE\xFF";
  problem.what = byte == 0 ? fmt::format("a NUL byte in the text: {}", row)
                           : fmt::format("the byte \\x{:02x} is not UTF-8: {}", byte, row);
  problem.advice =
      byte == 0 || wide
          ? "the file is UTF-16 or no text; convert it, as with iconv -f UTF-16 -t UTF-8"
          : "convert the file to UTF-8, as with iconv -f LATIN1 -t UTF-8";
  return problem;
}

std::size_t bom_bytes(std::string_view file) noexcept {
  return file.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0;
}

std::string_view strip_blanks(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace lockstep::data
