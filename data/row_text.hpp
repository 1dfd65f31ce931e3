#pragma once
/// Rows of a dataset as lines of a file. Local.

#include <functional>
#include <string>
#include <vector>

#include "data/table.hpp"

namespace lockstep::data {

/// A way of writing rows.
struct RowText {
  std::string header;  ///< the first line, or nothing
  std::function<std::string(const Partition&, std::size_t row)> line;
};

/// A text as a cell of CSV (RFC 4180): in quotes where it needs them; "" is an empty one.
std::string csv_cell(std::string_view text, char separator = ',');

/// A row's cells of one column as CSV: a number each of a vector or an image, else one; empty where
/// it is missing.
std::string csv_cells(const ColumnType& type, const Column& column, std::size_t row,
                      char separator = ',');

/// CSV (RFC 4180) of all columns. Vectors and images become a column a number, named by their
/// features; tokens are joined by blanks; missing cells are empty, empty strings "". Numbers are
/// the shortest text of the same double.
/// @throws DataError for a vector wider than kMostCsvNumbers
inline constexpr std::size_t kMostCsvNumbers = 20000;
RowText csv_text(const Schema& schema, char separator = ',');

/// libsvm: the label column and a vector column, or the number columns in order; zeros are left
/// out, indices start at 1. `label` and `features` may be empty: "label" where there is one; the
/// only vector column, or all number columns but the label.
/// @throws DataError if the columns do not fit
RowText libsvm_text(const Schema& schema, const std::string& label, const std::string& features);

/// One cell for people: numbers short, vectors as (784,[152,153],[0.5,1]) or [1,2,3], cut after
/// `most` characters.
std::string cell_text(const ColumnType& type, const Column& column, std::size_t row,
                      std::size_t most);

}  // namespace lockstep::data
