#pragma once
/// What a text format (libsvm, CSV, lines, JSON) tells of itself, so that its files can be cut and
/// parsed in pieces.

#include <cstdint>
#include <string>
#include <string_view>

#include "data/sources/text_rows.hpp"

namespace lockstep::data {

/// How a text format is cut and parsed.
class TextFormat {
 public:
  virtual ~TextFormat() = default;

  /// Whole rows. Called on several threads.
  virtual TextRows parse(std::string_view text) const = 0;

  /// What stands before the first row of a file: bytes, and their line ends. @throws DataError
  struct Head {
    std::size_t bytes = 0;
    std::int64_t lines = 0;
  };
  virtual Head head(std::string_view /*text*/, const std::string& /*path*/) const { return {}; }

  /// Line ends inside quotes do not end a row. The defaults know no quotes.
  virtual bool has_quotes() const { return false; }
  virtual bool ends_inside(std::string_view /*text*/, bool starts_inside) const {
    return starts_inside;
  }
  /// Behind the first line end that ends a row, or text.size().
  virtual std::size_t row_end(std::string_view text, bool starts_inside) const;

  /// A file is one row.
  virtual bool whole_files() const { return false; }
  virtual void parse_file(std::string_view /*text*/, const std::string& /*path*/,
                          TextRows& /*into*/) const {}
};

}  // namespace lockstep::data
