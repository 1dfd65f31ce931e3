#pragma once
/// The fields of a CSV record, one at a time; what csv_parser.hpp says of quotes is done here. The
/// text they stand in ends with '\n', so that no loop needs to look for its end.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "data/sources/csv_parser.hpp"

namespace lockstep::data {

struct CsvField {
  std::string_view text;  ///< unquoted and trimmed; valid until the next field is read
  bool quoted = false;
  const char* begin = nullptr;  ///< where it starts in the file
  const char* end = nullptr;    ///< of it: at a separator or at the '\n'
};

class CsvFields {
 public:
  enum class Outcome {
    Read,
    Bad,         ///< bad_at() and why() say more; no why: it is that byte
    Unfinished,  ///< the text ends inside quotes
  };

  explicit CsvFields(const CsvRules& rules);

  /// Reads the field that starts at `p` < `end`.
  Outcome read(const char* p, const char* end, CsvField& field);

  const char* bad_at() const noexcept { return bad_at_; }
  const std::string& why() const noexcept { return why_; }
  const std::string& advice() const noexcept { return advice_; }

  bool ends_field(char c) const noexcept { return c == rules_.sep || c == '\n'; }
  bool is_blank(char c) const noexcept { return (c == ' ' || c == '\t') && c != rules_.sep; }

  /// Behind a line of nothing but blanks, or nullptr if this is not one.
  const char* skip_blank_line(const char* p) const noexcept;

  /// The same for a comment.
  const char* skip_comment(const char* p, const char* end) const noexcept;

 private:
  Outcome read_plain(const char* p, CsvField& field);
  Outcome read_quoted(const char* p, const char* end, CsvField& field);
  const char* closing_quote(const char* p, const char* end);
  const char* closing_quote_escaped(const char* p, const char* end);
  Outcome unclosed(const char* at);
  Outcome bad(const char* at, std::string why, std::string advice);

  const CsvRules& rules_;
  std::array<bool, 256> special_{};  // bytes at which an unquoted field ends or goes wrong
  std::string unescaped_;            // of the last field, if it had escapes
  bool has_escapes_ = false;
  const char* bad_at_ = nullptr;
  std::string why_, advice_;
};

}  // namespace lockstep::data
