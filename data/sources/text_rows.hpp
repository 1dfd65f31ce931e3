#pragma once
/// What the parsers of text formats (libsvm, CSV, lines, JSON) have in common. Local, MPI-free.
///
/// A parser gets a piece of text that holds whole rows and gives them packed, with what it has
/// seen. It stops at the first row it cannot forgive. Pieces are a function of the file alone, so
/// that what is said of a file does not depend on how many read it.
///
/// Text is UTF-8 without NUL bytes; a row with other bytes is a bad row. Lines end in LF or CR LF;
/// a CR alone is a character like others. A byte order mark is the caller's to skip: bom_bytes().

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/proto/data.pb.h"
#include "data/storage/packed_rows.hpp"

namespace lockstep::data {

/// A bad row of a piece of text.
struct ParseProblem {
  std::int64_t line = 0;    ///< line ends before it in the piece
  std::int64_t column = 0;  ///< 1-based, in bytes
  std::string what;
  std::string advice;
};

/// What a cell of a text table can be. Types only widen: Unknown -> Integer -> Double -> String and
/// Unknown -> Boolean -> String.
enum class CellType : std::uint8_t { Unknown, Integer, Double, Boolean, String };

/// The narrowest type that holds both.
CellType join(CellType a, CellType b) noexcept;

/// A column of a text table. A parser writes numbers for Integer, Double and Boolean (1 or 0), text
/// for String and Unknown.
struct TextColumn {
  std::string name;
  CellType type = CellType::Unknown;  ///< as the parser is to write it
  bool declared = false;  ///< a cell that does not fit is a bad row; else it widens `seen`

  static constexpr auto kFields =
      std::make_tuple(&TextColumn::name, &TextColumn::type, &TextColumn::declared);
};

/// What a parser made of a piece.
struct TextRows {
  PackedRows rows;
  std::int64_t lines = 0;      ///< line ends in the piece
  std::uint64_t width = 0;     ///< libsvm: largest index + 1, indices from 0
  bool labelled = true;        ///< libsvm: every row has a label
  std::vector<CellType> seen;  ///< tables: for each column the join of its type and its cells;
                               ///< where that is wider than the type the rows must be parsed again
  std::vector<std::string> names;       ///< JSON: members that are not among the columns, sorted
  std::uint64_t bad_rows = 0;           ///< rows that were dropped or forgiven
  std::vector<ParseProblem> examples;   ///< the first few of them
  std::optional<ParseProblem> problem;  ///< the row that ended it; earlier rows are there
};
inline constexpr std::size_t kMostExamples = 3;

/// Notes a bad row. False: the mode is FAILFAST, the row ends the piece.
[[nodiscard]] bool forgive(TextRows& rows, proto::BadRows mode, ParseProblem problem);

/// "...the row as it stands...", shortened around `column` (1-based) to some 60 characters, control
/// characters and broken UTF-8 made visible: how messages show a bad row.
std::string excerpt(std::string_view row, std::size_t column);

/// A number as files write it: decimal, exponent, and nan or inf (also "infinity", any case, with
/// sign). The whole text must be one, without blanks. False if it is not; too large ones become inf
/// and are no error.
bool parse_number(std::string_view text, double& value);

/// What the text is at its narrowest, and its value if it is a number or boolean (true or false, in
/// any case). Whole numbers beyond 2^53 and whole numbers with leading zeros such as 007 are
/// strings: they name things, and as numbers would lose digits. Nothing at all is Unknown.
CellType type_of_cell(std::string_view text, double& value);

/// What the type of the column must be for this cell, and its value where it is a number column's:
/// the column's own type if the cell fits, else a wider one. Declared columns are generous to
/// leading zeros (007 is 7) and, as DOUBLE, to long numbers. Blanks and tabs around numbers and
/// booleans do not matter. @param column of type Integer, Double or Boolean
CellType read_cell(std::string_view text, const TextColumn& column, double& value);

/// Why a cell does not fit its declared column: "column 'age': 'x7' is not a number".
std::string misfit(std::string_view text, const TextColumn& column);

/// The first byte that is NUL or not UTF-8, or npos.
std::size_t bad_byte(std::string_view text) noexcept;

/// What is wrong with the byte at `at`, and what to do about it; line is left to the caller.
ParseProblem bad_byte_problem(std::string_view line, std::size_t at);

/// Bytes of the byte order mark at a file's beginning: 3 or 0.
std::size_t bom_bytes(std::string_view file) noexcept;

/// The text without blanks and tabs around it.
std::string_view strip_blanks(std::string_view text) noexcept;

}  // namespace lockstep::data
