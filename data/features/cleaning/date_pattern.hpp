#pragma once
/// Reads dates and times by a pattern such as "%Y-%m-%d". Local, MPI-free.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::data {

/// What a text says; what it does not say is the start of the year 2000 (a leap year).
struct DateAndTime {
  std::chrono::year_month_day date{std::chrono::year{2000}, std::chrono::January,
                                   std::chrono::day{1}};
  int hour = 0, minute = 0, second = 0;
};

/// A pattern in the manner of strftime. Numbers may lack leading zeros; a code takes as many digits
/// as it can. What stands between the codes is taken as it stands.
///   %Y year, 1 to 4 digits    %m month    %d day of the month    %j day of the year
///   %y two digits: 69 .. 99 are 1969 .. 1999, 00 .. 68 are 2000 .. 2068
///   %b %B month by its English name, short or long, in any case
///   %H hour 0 .. 23    %M minute    %S second 0 .. 60    %% a percent sign
class DatePattern {
 public:
  /// @throws ConfigError naming `field` if the pattern has another code, or one twice
  DatePattern(const std::string& pattern, const std::string& field);

  /// Nothing if the text does not fit, or names a day that is not in the calendar.
  std::optional<DateAndTime> read(std::string_view text) const;

  bool has_year() const { return has('Y') || has('y'); }
  bool has_month() const { return has('m') || has('b') || (has_year() && has('j')); }
  bool has_day() const { return has('d') || (has_year() && has('j')); }
  bool has_date() const { return has_year() && has_month() && has_day(); }
  bool has(char code) const;  ///< %B counts as %b

 private:
  struct Piece {
    char code;         // 0: text
    std::string text;  // as it stands
  };
  struct Fields;
  static bool take(const Piece& piece, std::string_view& rest, Fields& fields);

  std::vector<Piece> pieces_;
};

}  // namespace lockstep::data
