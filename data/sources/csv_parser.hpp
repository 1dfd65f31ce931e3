#pragma once
/// Comma-separated values (RFC 4180): one record a row, one field a column. Local, MPI-free.
///
/// - A field may stand in quotes; a quote in it is doubled ("" or, with another escape, \"), and
///   separators and line ends in it are text. Lines end in LF or CR LF.
/// - Blank lines (nothing but blanks) are skipped, in files of one column too: write "" there.
///   Lines that start with the comment byte are skipped.
/// - A field without bytes and without quotes is missing. A quoted empty field is an empty string,
///   and missing in number columns. A field that equals a null value is missing, quoted or not (as
///   in Spark and pandas; null_value: "" makes quoted empty fields missing too).
/// - Quoted numbers are numbers. Blanks around numbers never matter; blanks around text are dropped
///   with trim only.
/// - Bad rows: a quote in an unquoted field, text behind a closing quote, a quote that is never
///   closed, too few or too many fields, bytes that are not UTF-8, a field that is not of its
///   declared type. Kept under PERMISSIVE they have what could be read: bad and absent fields are
///   missing, those behind a misplaced quote too, surplus ones are dropped.
///
/// Where a record ends is a matter of counting: at a line end with an even number of quote bytes
/// before it in the file, whatever they mean (comments count too, so an unpaired quote in one is a
/// bad row). So a file can be cut anywhere. Without multi_line, without quotes, or with another
/// escape than the quote a record ends at every line end.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/proto/data.pb.h"
#include "data/sources/text_rows.hpp"

namespace lockstep::data {

struct CsvRules {
  char sep = ',';
  char quote = '"';     ///< '\0': none
  char escape = '"';    ///< '\0': none
  char comment = '\0';  ///< '\0': none
  std::vector<std::string> null_values;
  bool trim = false;
  proto::BadRows mode = proto::FAILFAST;
  bool multi_line = true;

  /// Line ends may stand inside a record.
  bool records_span_lines() const noexcept {
    return multi_line && quote != '\0' && escape == quote;
  }
};

/// @param at config path of the message, for example "data.train.csv"
/// @throws ConfigError for a sep, quote, escape or comment of several bytes, or that clash
CsvRules rules_of(const proto::CsvSource& config, const std::string& at);

/// Parses whole records; the last may lack its line end. Every row has a cell for each column, in
/// that order.
TextRows parse_csv(std::string_view text, const CsvRules& rules,
                   const std::vector<TextColumn>& columns);

/// What a file begins with.
struct CsvHeader {
  std::vector<std::string> names;  ///< of the columns; empty: there is no record in the text
  std::size_t bytes = 0;           ///< before the first row
  std::int64_t lines = 0;          ///< line ends in them
  std::optional<ParseProblem> problem;
};

/// Reads the first record of a file, behind comments and blank lines. `text` is the file's
/// beginning with all of that record. With a header its fields name the columns: those without a
/// name are _c and their number, repeated names get their number appended, from 0 (as in Spark).
/// Without one the columns are _c0, _c1, ... and bytes is 0. A byte order mark belongs to the
/// bytes.
CsvHeader read_csv_header(std::string_view text, const CsvRules& rules, bool header);

/// True if a place behind `text` lies inside quotes. Several GB/s.
bool ends_inside_quotes(std::string_view text, bool starts_inside, const CsvRules& rules) noexcept;

/// The place just behind the first line end that ends a record, or text.size().
std::size_t first_record_begin(std::string_view text, bool starts_inside,
                               const CsvRules& rules) noexcept;

}  // namespace lockstep::data
