#pragma once
/// The libsvm text format: "label index:value ...", one row a line. Local, MPI-free.
///
/// Blank lines and lines with only a comment (# to the end of the line) are not rows. Fields are
/// separated by blanks or tabs; "qid:n" is ignored; lines may end in CR LF, the last one in
/// nothing. Indices ascend strictly, from 1 or 0.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "data/packed_rows.hpp"

namespace lockstep::data {

struct LibsvmRules {
  bool zero_based = false;                        ///< indices start at 0
  bool labels_optional = false;                   ///< a line may start with its first index:value
  std::uint64_t num_features = 0;                 ///< a larger index is an error; 0: any width
  std::string width_comes_from = "num_features";  ///< for the message about a larger index
};

/// The first bad row of a text.
struct LibsvmProblem {
  std::int64_t line = 0;    ///< lines before it in the text
  std::int64_t column = 0;  ///< 1-based, in bytes
  std::string what;
  std::string advice;
};

struct LibsvmRows {
  RowBatch batch;           ///< indices from 0; a missing label is NaN
  std::uint64_t width = 0;  ///< largest index + 1, indices from 0
  std::int64_t lines = 0;   ///< line ends in the text
  bool labelled = true;     ///< every row has a label
  std::optional<LibsvmProblem> problem;
};

/// Parses whole lines; stops at the first bad row.
LibsvmRows parse_libsvm(std::string_view text, const LibsvmRules& rules);

}  // namespace lockstep::data
