#include <fmt/format.h>

#include <cctype>

#include "core/error.hpp"
#include "data/features/catalogue.hpp"
#include "data/features/cleaning/date_pattern.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Doubles = std::vector<double>;

// "2024-02-29 13:05:09" or "bad".
std::string read(const std::string& pattern, const std::string& text) {
  const auto moment = DatePattern(pattern, "format").read(text);
  if (!moment) return "bad";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", int{moment->date.year()},
                     unsigned{moment->date.month()}, unsigned{moment->date.day()}, moment->hour,
                     moment->minute, moment->second);
}

std::vector<Doubles> parts_of(const std::string& date, const std::string& format,
                              const std::vector<std::string>& parts) {
  std::string config = "parse_date { input_col: 'd' format: '" + format + "'";
  for (const auto& part : parts) config += " part: " + part;
  const auto rows = rig::apply(config + " }", rig::table({rig::strings("d", {date.c_str()})}));
  std::vector<Doubles> values;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string name = "d_" + parts[i];
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    values.push_back(rig::numbers(rows, name));
    CHECK(rows.schema.at(name, "").format == ColumnType::Format::Integer);
  }
  return values;
}

TEST_CASE("a date pattern reads every code", "[cleaning]") {
  CHECK(read("%Y-%m-%d", "2024-02-29") == "2024-02-29 00:00:00");
  CHECK(read("%Y-%m-%d %H:%M:%S", "2024-2-9 3:05:09") == "2024-02-09 03:05:09");
  CHECK(read("%Y%m%d%H%M%S", "20240115235960") == "2024-01-15 23:59:60");
  CHECK(read("%d/%m/%y", "01/02/68") == "2068-02-01 00:00:00");
  CHECK(read("%d/%m/%y", "01/02/69") == "1969-02-01 00:00:00");
  CHECK(read("%d %b %Y", "3 mar 2021") == "2021-03-03 00:00:00");
  CHECK(read("%B %d, %Y", "September 30, 1999") == "1999-09-30 00:00:00");
  CHECK(read("%b %d", "MAY 5") == "2000-05-05 00:00:00");
  CHECK(read("%Y/%j", "2023/060") == "2023-03-01 00:00:00");
  CHECK(read("%Y/%j", "2024/060") == "2024-02-29 00:00:00");
  CHECK(read("100%% on %dT%H", "100% on 7T8") == "2000-01-07 08:00:00");
}

TEST_CASE("a date pattern refuses what is not in the calendar or not in the pattern",
          "[cleaning]") {
  for (const char* text : {"2023-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-1-0",
                           "2024-01-01 ", " 2024-01-01", "2024/01/01", "2024-01", "", "20240101",
                           "1900-02-29", "-024-01-01", "2024-01-001"}) {
    CAPTURE(text);
    CHECK(read("%Y-%m-%d", text) == "bad");
  }
  CHECK(read("%H:%M", "24:00") == "bad");
  CHECK(read("%H:%M", "12:60") == "bad");
  CHECK(read("%Y %j", "2023 366") == "bad");
  CHECK(read("%Y %j", "2024 000") == "bad");
  CHECK(read("%Y-%m-%d %j", "2024-03-01 061") == "2024-03-01 00:00:00");
  CHECK(read("%Y-%m-%d %j", "2024-03-01 062") == "bad");
  CHECK(read("%b", "Foo") == "bad");
  CHECK(read("%m-%d", "02-29") == "2000-02-29 00:00:00");
}

TEST_CASE("a date pattern knows its codes", "[cleaning]") {
  CHECK_THROWS_WITH(DatePattern("%Y-%q", "f"), has_text("code that is not known"));
  CHECK_THROWS_AS(DatePattern("%Y-%", "f"), ConfigError);
  CHECK_THROWS_AS(DatePattern("%d %d", "f"), ConfigError);
  CHECK_THROWS_AS(DatePattern("%b %B", "f"), ConfigError);
}

TEST_CASE("parse_date gives the parts of a date", "[cleaning]") {
  CHECK(parts_of("2024-12-30 23:59:58", "%Y-%m-%d %H:%M:%S",
                 {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "DAY_OF_WEEK", "DAY_OF_YEAR",
                  "WEEK", "QUARTER", "EPOCH_DAYS", "EPOCH_SECONDS"}) ==
        std::vector<Doubles>{
            {2024}, {12}, {30}, {23}, {59}, {58}, {1}, {365}, {1}, {4}, {20087}, {1735603198}});
  CHECK(parts_of("1969-12-31", "%Y-%m-%d", {"EPOCH_DAYS", "EPOCH_SECONDS", "DAY_OF_WEEK"}) ==
        std::vector<Doubles>{{-1}, {-86400}, {3}});
}

TEST_CASE("parse_date counts weeks as ISO 8601 does", "[cleaning]") {
  const auto week = [](const std::string& date) {
    return parts_of(date, "%Y-%m-%d", {"WEEK", "DAY_OF_WEEK"});
  };
  CHECK(week("2021-01-03") == std::vector<Doubles>{{53}, {7}});  // of 2020
  CHECK(week("2021-01-04") == std::vector<Doubles>{{1}, {1}});
  CHECK(week("2020-12-31") == std::vector<Doubles>{{53}, {4}});
  CHECK(week("2018-12-31") == std::vector<Doubles>{{1}, {1}});  // of 2019
  CHECK(week("2016-01-01") == std::vector<Doubles>{{53}, {5}});
  CHECK(week("2023-01-01") == std::vector<Doubles>{{52}, {7}});
}

TEST_CASE("parse_date: missing stays missing; a bad date stops, or becomes missing", "[cleaning]") {
  const auto dates = rig::strings("d", {"2024-01-02", nullptr, "2024-02-30", "soon"});
  const std::string config = "parse_date { input_col: 'd' part: DAY ";
  CHECK_THROWS_WITH(rig::apply(config + "}", rig::table({dates})),
                    has_text("'2024-02-30' in row 3 (counted from 1)"));
  std::uint64_t parsed = 0, bad = 0;
  const auto rows = rig::apply(config + "on_error: MISSING }", rig::table({dates}, 2),
                               Phase::Training, &parsed, &bad);
  const auto days = rig::numbers(rows, "d_day");
  CHECK(parsed == 3);
  CHECK(bad == 2);
  CHECK(days[0] == 2);
  for (std::size_t i = 1; i < 4; ++i) CHECK(is_missing(days[i]));
  CHECK(rig::strings(rows, "d")[3] == "soon");
}

TEST_CASE("parse_date refuses parts that the format does not tell", "[cleaning]") {
  const auto field = [](const std::string& rest) -> std::string {
    try {
      make_feature_stage(rig::stage("parse_date { input_col: 'd' " + rest + " }"), "stage[0]")
          ->output_schema(rig::table({rig::strings("d", {}), rig::numbers("d_day", {})}).schema);
    } catch (const ConfigError& error) {
      return error.where().field;
    }
    return "nothing";
  };
  CHECK(field("") == "stage[0].parse_date.part");
  CHECK(field("part: YEAR part: HOUR") == "stage[0].parse_date.part[1]");
  CHECK(field("format: '%Y-%m' part: EPOCH_DAYS") == "stage[0].parse_date.part[0]");
  CHECK(field("format: '%j' part: MONTH") == "stage[0].parse_date.part[0]");
  CHECK(field("format: '%y %j' part: MONTH part: WEEK") == "nothing");
  CHECK(field("format: '%m' part: QUARTER") == "nothing");
  CHECK(field("part: YEAR part: YEAR") == "stage[0].parse_date.part[1]");
  CHECK(field("part: DAY") == "stage[0].parse_date.part[0]");  // d_day is there already
  CHECK(field("format: '%Q' part: DAY") == "stage[0].parse_date.format");
}

}  // namespace
}  // namespace lockstep::data
