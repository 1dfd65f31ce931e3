#include "data/features/cleaning/parse_date.hpp"

#include <fmt/core.h>

#include <chrono>

#include "core/error.hpp"
#include "data/features/cleaning/cells.hpp"

namespace lockstep::data {
namespace {

using Date = proto::ParseDate;

std::chrono::days since_new_year(const std::chrono::year_month_day& date) {
  using namespace std::chrono;
  return sys_days(date) - sys_days(date.year() / January / 1);
}

/// Week of ISO 8601: that of its Thursday, counted in the Thursday's year.
std::int64_t iso_week(const std::chrono::year_month_day& date) {
  using namespace std::chrono;
  const auto weekday = std::chrono::weekday(sys_days(date)).iso_encoding();
  const year_month_day thursday = sys_days(date) + days(4) - days(weekday);
  return since_new_year(thursday).count() / 7 + 1;
}

std::int64_t value_of(Date::Part part, const DateAndTime& moment) {
  using namespace std::chrono;
  const year_month_day& date = moment.date;
  const std::int64_t epoch_days = sys_days(date).time_since_epoch().count();
  switch (part) {
    case Date::YEAR:
      return int{date.year()};
    case Date::MONTH:
      return unsigned{date.month()};
    case Date::DAY:
      return unsigned{date.day()};
    case Date::HOUR:
      return moment.hour;
    case Date::MINUTE:
      return moment.minute;
    case Date::SECOND:
      return moment.second;
    case Date::DAY_OF_WEEK:
      return weekday(sys_days(date)).iso_encoding();
    case Date::DAY_OF_YEAR:
      return since_new_year(date).count() + 1;
    case Date::WEEK:
      return iso_week(date);
    case Date::QUARTER:
      return (unsigned{date.month()} - 1) / 3 + 1;
    case Date::EPOCH_DAYS:
      return epoch_days;
    case Date::EPOCH_SECONDS:
      return ((epoch_days * 24 + moment.hour) * 60 + moment.minute) * 60 + moment.second;
  }
  return 0;
}

/// What the format lacks to tell a part; empty: nothing.
const char* lacks(Date::Part part, const DatePattern& pattern) {
  switch (part) {
    case Date::YEAR:
      return pattern.has_year() ? "" : "%Y";
    case Date::MONTH:
    case Date::QUARTER:
      return pattern.has_month() ? "" : "%m";
    case Date::DAY:
      return pattern.has_day() ? "" : "%d";
    case Date::HOUR:
      return pattern.has('H') ? "" : "%H";
    case Date::MINUTE:
      return pattern.has('M') ? "" : "%M";
    case Date::SECOND:
      return pattern.has('S') ? "" : "%S";
    case Date::DAY_OF_WEEK:
    case Date::DAY_OF_YEAR:
    case Date::WEEK:
    case Date::EPOCH_DAYS:
    case Date::EPOCH_SECONDS:
      return pattern.has_date() ? "" : "%Y, %m and %d";
  }
  return "";
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace

ParseDate::ParseDate(const proto::ParseDate& config, std::string at)
    : config_(config), at_(std::move(at)), pattern_(config_.format(), at_ + ".format") {
  if (config_.part().empty()) {
    throw ConfigError("no part of the date is asked for", {.field = at_ + ".part"},
                      "write for example: part: YEAR part: DAY_OF_WEEK");
  }
  std::vector<std::string> columns;
  for (int i = 0; i < config_.part_size(); ++i) {
    columns.push_back(output_col(i));
    check_part(i);
  }
  check_unique(columns, at_ + ".part");
}

void ParseDate::check_part(int part) const {
  const std::string missing = lacks(config_.part(part), pattern_);
  if (missing.empty()) return;
  throw ConfigError(fmt::format("the format '{}' does not tell the {}", config_.format(),
                                lower(Date::Part_Name(config_.part(part)))),
                    {.field = element(at_ + ".part", static_cast<std::size_t>(part))},
                    fmt::format("it needs {}", missing));
}

std::string ParseDate::output_col(int part) const {
  return config_.input_col() + "_" + lower(Date::Part_Name(config_.part(part)));
}

Schema ParseDate::output_schema(const Schema& input) const {
  input_column(input, config_.input_col(), {ColumnType::Kind::String}, at_ + ".input_col");
  ColumnType type{ColumnType::Kind::Number};
  type.format = ColumnType::Format::Integer;
  Schema output = input;
  for (int i = 0; i < config_.part_size(); ++i)
    add_output(output, output_col(i), type, element(at_ + ".part", static_cast<std::size_t>(i)));
  return output;
}

Effect ParseDate::transform(Partition& partition, Phase) const {
  const auto& dates = std::get<Strings>(partition.column(config_.input_col()));
  const auto parts = static_cast<std::size_t>(config_.part_size());
  std::vector<std::vector<double>> values(parts, std::vector<double>(partition.rows(), kMissing));
  std::uint64_t parsed = 0, bad = 0;
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    if (dates.is_missing(row)) continue;
    ++parsed;
    const auto moment = pattern_.read(dates.text(row));
    if (!moment) {
      if (config_.on_error() == Date::FAIL) {
        throw DataError(fmt::format("'{}' in {} is not a date of the form {}", dates.text(row),
                                    row_name(partition, row), config_.format()),
                        {.field = at_ + ".input_col"},
                        "correct the date or the format, or set on_error: MISSING");
      }
      ++bad;
      continue;
    }
    for (std::size_t p = 0; p < parts; ++p)
      values[p][row] = static_cast<double>(value_of(config_.part(static_cast<int>(p)), *moment));
  }
  for (std::size_t p = 0; p < parts; ++p)
    partition.set(output_col(static_cast<int>(p)), Numbers{std::move(values[p])});
  return {parsed, "parsed", bad};
}

proto::Stage ParseDate::save() const {
  proto::Stage stage;
  *stage.mutable_parse_date() = config_;
  return stage;
}

}  // namespace lockstep::data
