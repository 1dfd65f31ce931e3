#pragma once
/// The libsvm text format: "label index:value ...", one row a line. Local, MPI-free.
///
/// Blank lines and lines with only a comment (# to the end of the line) are not rows. Fields are
/// separated by blanks or tabs; "qid:n" may stand behind the label; lines may end in CR LF, the
/// last one in nothing. Indices ascend strictly, from 1 or 0.

#include <cstdint>
#include <string>
#include <string_view>

#include "data/sources/text_rows.hpp"

namespace lockstep::data {

struct LibsvmRules {
  bool zero_based = false;                        ///< indices start at 0
  bool labels_optional = false;                   ///< a line may start with its first index:value
  std::uint64_t num_features = 0;                 ///< a larger index is an error; 0: any width
  bool keep_qid = false;                          ///< "qid:n" becomes a cell; else it is ignored
  std::string width_comes_from = "num_features";  ///< for the message about a larger index
};

/// Parses whole lines; stops at the first bad row. A row is packed as a Number (the label, missing
/// if it has none), with keep_qid another one (the query, missing if it has none), and a Sparse
/// cell with indices from 0.
TextRows parse_libsvm(std::string_view text, const LibsvmRules& rules);

}  // namespace lockstep::data
