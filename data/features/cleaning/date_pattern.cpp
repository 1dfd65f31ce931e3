#include "data/features/cleaning/date_pattern.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

constexpr std::string_view kCodes = "YmdHMSybBj";
constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};

/// Takes the digits at the beginning, `most` at most; nothing if there is none.
std::optional<int> take_number(std::string_view& rest, std::size_t most) {
  std::size_t digits = 0;
  int value = 0;
  while (digits < most && digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9')
    value = value * 10 + (rest[digits++] - '0');
  rest.remove_prefix(digits);
  return digits > 0 ? std::optional(value) : std::nullopt;
}

bool starts_with_word(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  return std::equal(lower.begin(), lower.end(), text.begin(), [](char want, char c) {
    return want == (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  });
}

/// Takes the name of a month, the long one if it is there.
std::optional<int> take_month(std::string_view& rest) {
  for (std::size_t m = 0; m < kMonths.size(); ++m) {
    for (const std::string_view name : {kMonths[m], kMonths[m].substr(0, 3)}) {
      if (!starts_with_word(rest, name)) continue;
      rest.remove_prefix(name.size());
      return static_cast<int>(m) + 1;
    }
  }
  return std::nullopt;
}

/// %B reads what %b reads.
char canonical(char code) { return code == 'B' ? 'b' : code; }

}  // namespace

struct DatePattern::Fields {
  std::optional<int> year, month, day, day_of_year;
  int hour = 0, minute = 0, second = 0;

  std::optional<std::chrono::year_month_day> date() const;
};

std::optional<std::chrono::year_month_day> DatePattern::Fields::date() const {
  using namespace std::chrono;
  const std::chrono::year of{year.value_or(2000)};
  const year_month_day named{of, std::chrono::month(static_cast<unsigned>(month.value_or(1))),
                             std::chrono::day(static_cast<unsigned>(day.value_or(1)))};
  if (!named.ok()) return std::nullopt;
  if (!day_of_year) return named;
  const year_month_day counted{sys_days(of / January / 1) + days(*day_of_year - 1)};
  const bool agrees = counted.year() == of && (!month || counted.month() == named.month()) &&
                      (!day || counted.day() == named.day());
  return agrees ? std::optional(counted) : std::nullopt;
}

DatePattern::DatePattern(const std::string& pattern, const std::string& field) {
  const auto text = [this](char c) {
    if (pieces_.empty() || pieces_.back().code != 0) pieces_.push_back({0, {}});
    pieces_.back().text += c;
  };
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      text(pattern[i]);
      continue;
    }
    const char code = ++i < pattern.size() ? pattern[i] : '\0';
    if (code == '%') {
      text('%');
    } else if (code != '\0' && kCodes.find(code) != std::string_view::npos) {
      if (has(canonical(code))) {
        throw ConfigError(fmt::format("the code %{} is there twice", code), {.field = field},
                          "a date has one of each");
      }
      pieces_.push_back({canonical(code), {}});
    } else {
      throw ConfigError(
          fmt::format("'{}' has a code that is not known at character {}", pattern, i),
          {.field = field}, "known are %Y %m %d %H %M %S %y %b %B %j %%");
    }
  }
}

bool DatePattern::has(char code) const {
  return std::any_of(pieces_.begin(), pieces_.end(),
                     [code](const Piece& piece) { return piece.code == code; });
}

bool DatePattern::take(const Piece& piece, std::string_view& rest, Fields& fields) {
  const auto number = [&rest](std::size_t most, int min, int max) {
    const auto value = take_number(rest, most);
    return value && *value >= min && *value <= max ? value : std::nullopt;
  };
  const auto into = [](int& field, std::optional<int> value) {
    field = value.value_or(0);
    return value.has_value();
  };
  switch (piece.code) {
    case 'Y':
      return (fields.year = number(4, 0, 9999)).has_value();
    case 'y':
      fields.year = number(2, 0, 99);
      if (fields.year) *fields.year += *fields.year < 69 ? 2000 : 1900;
      return fields.year.has_value();
    case 'm':
      return (fields.month = number(2, 1, 12)).has_value();
    case 'b':
      return (fields.month = take_month(rest)).has_value();
    case 'd':
      return (fields.day = number(2, 1, 31)).has_value();
    case 'j':
      return (fields.day_of_year = number(3, 1, 366)).has_value();
    case 'H':
      return into(fields.hour, number(2, 0, 23));
    case 'M':
      return into(fields.minute, number(2, 0, 59));
    case 'S':
      return into(fields.second, number(2, 0, 60));
    default:
      break;
  }
  if (rest.substr(0, piece.text.size()) != piece.text) return false;
  rest.remove_prefix(piece.text.size());
  return true;
}

std::optional<DateAndTime> DatePattern::read(std::string_view text) const {
  Fields fields;
  for (const Piece& piece : pieces_) {
    if (!take(piece, text, fields)) return std::nullopt;
  }
  const auto date = fields.date();
  if (!text.empty() || !date) return std::nullopt;
  return DateAndTime{*date, fields.hour, fields.minute, fields.second};
}

}  // namespace lockstep::data
