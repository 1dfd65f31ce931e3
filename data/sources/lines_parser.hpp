#pragma once
/// Text, one row a line. Local, MPI-free.
///
/// Lines end in LF or CR LF, the last one in nothing. (Spark ends lines at a CR alone as well.) A
/// line that is not UTF-8 or holds a NUL byte ends the piece.

#include <string_view>

#include "data/sources/text_rows.hpp"

namespace lockstep::data {

/// A Text cell a row: the line without its end. Empty lines are rows with an empty text.
TextRows parse_lines(std::string_view text);

/// Lines "label TAB text": the label's cell, by its column's type, then a Text cell with all that
/// stands behind the first tab. An empty label is missing. Blank lines are skipped; a line without
/// a tab ends the piece. `seen` speaks of the label, then of the text.
TextRows parse_labelled_lines(std::string_view text, const TextColumn& label);

}  // namespace lockstep::data
