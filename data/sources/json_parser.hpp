#pragma once
/// JSON lines: one object a line, its members are the columns. Local, MPI-free.
///
/// - A member that is null or not there is missing. Blank lines are skipped.
/// - Numbers without point and exponent are integers; beyond 2^53 they are strings, as in CSV.
/// Where
///   a column has strings and numbers or booleans it is a string column, and these are their text.
///   A string is a string, also where it looks like a number.
/// - Declared columns: DOUBLE takes the strings "NaN", "Infinity" and "-Infinity" too (JSON has no
///   other way to write them), INTEGER takes 7.0, STRING takes numbers and booleans as their text.
/// - Bad rows: what is not JSON or not an object, members that come twice, lists and objects as
///   values of columns, values that are not of their declared type. Kept under PERMISSIVE a row
///   that is not JSON has nothing but missing cells, others lack the bad ones.

#include <string_view>
#include <vector>

#include "core/proto/data.pb.h"
#include "data/sources/text_rows.hpp"

namespace lockstep::data {

/// Every row has a cell for each column, in that order. Members that are not among the columns go
/// into `names`, and the rows must be parsed again with them; or, if the columns are all that is
/// wanted, they are ignored whatever they hold.
TextRows parse_json_lines(std::string_view text, const std::vector<TextColumn>& columns,
                          bool columns_are_all, proto::BadRows mode);

}  // namespace lockstep::data
